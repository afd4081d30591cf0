"""The figures for people: tables on the screen, made for 80 columns (wider when all four channels are used)."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from huntgroup.simulation.figures import Figures, OperatorFigures, Waits

_NOTHING = "-"


def show(console: Console, figures: Figures) -> None:
    """What came, how long it waited, how well it was served, and who did the work."""
    console.print(f"{figures.start} to {figures.end}, seed {figures.seed}", highlight=False)
    if figures.left_out:
        console.print(f"{figures.left_out} of the recorded came before or after that: left out", highlight=False)
    for table in (_inquiries(figures), _waits(figures), _levels(figures), _operators(figures)):
        console.print(table)


def _inquiries(figures: Figures) -> Table:
    heads = ("offered", "answered", "aban-\ndoned", "un-\nanswered", "else-\nwhere", "open", "over-\nflowed")
    table = _table("Inquiries, by the group they came in for", "group", "channel", heads=heads)
    for each in figures.groups:
        counts = (each.offered, each.answered, each.abandoned, each.unanswered, each.voicemail + each.forwarded)
        table.add_row(each.group, each.channel, *map(str, (*counts, each.open, each.overflowed)))
    return table


def _waits(figures: Figures) -> Table:
    table = _table("Waits in seconds", "group", "channel", "of", heads=("mean", "median", "p90", "max"))
    for each in figures.groups:
        table.add_row(each.group, each.channel, "answered", *_cells(each.wait_of_answered))
        table.add_row("", "", "all", *_cells(each.wait_of_all))
    return table


def _cells(waits: Waits | None) -> tuple[str, ...]:
    if waits is None:
        return (_NOTHING,) * 4
    return tuple(f"{seconds:.1f}" for seconds in (waits.mean, waits.median, waits.p90, waits.max))


def _levels(figures: Figures) -> Table:
    heads = ("of offered", "of those\nwho stayed", "abandonment")
    title = f"Answered within {figures.service_level_time:g} s"
    table = _table(title, "group", "channel", heads=heads)
    for each in figures.groups:
        shares = (each.service_level_of_offered, each.service_level_of_stayed, each.abandonment)
        table.add_row(each.group, each.channel, *map(_percent, shares))
    return table


def _operators(figures: Figures) -> Table:
    channels = [channel for channel in ("call", "chat", "mail", "form") if _is_used(figures, channel)]
    heads = ("on duty", "at work", *(f"on {channel}s" for channel in channels), "talk", "handled", "missed")
    table = _table("Operators", "operator", heads=heads)
    for each in figures.operators:
        table.add_row(each.operator, *_duty(each, channels))
    return table


def _duty(operator: OperatorFigures, channels: list[str]) -> tuple[str, ...]:
    shares = [_percent(operator.occupancy_by_channel[channel]) for channel in channels]
    handled = str(sum(operator.handled.values()))
    times = _clock(operator.on_duty), _percent(operator.occupancy), *shares, _clock(operator.talk)
    return (*times, handled, str(operator.missed))


def _is_used(figures: Figures, channel: str) -> bool:
    return any(group.channel == channel for group in figures.groups)


def _table(title: str, *names: str, heads: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True, vertical="bottom")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True, vertical="bottom")
    return table


def _percent(share: float | None) -> str:
    return _NOTHING if share is None else f"{share:.1%}"


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds, as on a roster."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
