"""The figures as a picture: the waiting line, the service level and the operators' load.

matplotlib is imported only here, and only when a picture is wanted: it is an optional dependency, the extra ``sim``.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huntgroup.errors import HuntgroupError
from huntgroup.simulation.figures import Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENDINGS = (".svg", ".png")
_WIDTH, _PANEL, _OPERATOR = 10.0, 3.0, 0.4
"""Inches: of the picture, of a panel in height, and of an operator's line."""
# Told apart by everybody, also without red and green: M. Okabe and K. Ito, "Color Universal Design", 2008.
_COLOURS = {"call": "#0072B2", "chat": "#E69F00", "mail": "#009E73", "form": "#CC79A7"}


class NoPlotting(HuntgroupError):  # noqa: N818 - reads as what happened
    """The library that draws is not installed."""

    code = "no_plotting"

    def __str__(self) -> str:
        return 'a plot needs matplotlib: in the folder that Huntgroup was installed from, `pip install ".[sim]"`'


def require() -> None:
    """See that a picture can be drawn, before a long run.

    Raises:
        NoPlotting: when it cannot.
    """
    try:
        import matplotlib.figure  # noqa: F401, PLC0415 - optional, and slow to import
    except ImportError:
        raise NoPlotting from None


def plot(figures: Figures, path: Path) -> None:
    """Draw the picture into a file, SVG or PNG by its ending. The same figures give the same SVG."""
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    # Without pyplot there is no window and no global state; without a date and with a fixed salt, one result.
    with rc_context({"svg.hashsalt": "huntgroup"}):
        height = _OPERATOR * (len(figures.operators) + 1)
        picture = Figure(figsize=(_WIDTH, 2 * _PANEL + height), layout="constrained")
        line, level, load = picture.subplots(3, 1, height_ratios=(_PANEL, _PANEL, height))
        _waiting_line(line, figures)
        _service_level(level, figures)
        _operator_load(load, figures)
        metadata: dict[str, Any] = {"Date": None} if path.suffix == ".svg" else {}
        picture.savefig(path, metadata=metadata)


def _times(moments: list[str]) -> Any:
    # Local times are drawn as they are on the wall. The library takes them, though its types say it does not.
    return [datetime.fromisoformat(moment).replace(tzinfo=None) for moment in moments]


def _waiting_line(axes: "Axes", figures: Figures) -> None:
    # The last step is drawn up to its end.
    moments = [*figures.line, *figures.line[-1:]]
    at = _times([*(moment.at for moment in figures.line), figures.end])
    most, mean = [moment.max for moment in moments], [moment.mean for moment in moments]
    axes.fill_between(at, most, step="post", color="#B8D4E8", label="most")
    axes.step(at, mean, where="post", color=_COLOURS["call"], label="mean")
    axes.set_title(f"Waiting, by {figures.line_step / 60:.0f} minutes")
    axes.set_ylim(bottom=0)
    axes.set_xlim(*_times([figures.start, figures.end]))
    axes.legend(loc="best")
    _by_the_clock(axes)


def _service_level(axes: "Axes", figures: Figures) -> None:
    known = [each for each in figures.half_hours if each.service_level is not None]
    at = _times([each.at for each in known])
    # A bar is as wide as its half hour, less a gap; the axis counts in days.
    levels = [100 * (each.service_level or 0.0) for each in known]
    axes.bar(at, levels, width=0.9 / 48, align="edge", color=_COLOURS["mail"])
    axes.set_title(f"Answered within {figures.service_level_time:g} s, % of who came in the half hour")
    axes.set_ylim(0, 100)
    axes.set_xlim(*_times([figures.start, figures.end]))
    _by_the_clock(axes)


def _operator_load(axes: "Axes", figures: Figures) -> None:
    names = [operator.operator for operator in figures.operators]
    used = [channel for channel in _COLOURS if any(operator.work[channel] for operator in figures.operators)]
    for row, channel in enumerate(used):
        shares = [100 * (operator.occupancy_by_channel[channel] or 0.0) for operator in figures.operators]
        # Beside one another and not stacked: two channels at the same time are not twice the work.
        thickness = 0.8 / len(used)
        places = [place - 0.4 + row * thickness for place in range(len(names))]
        axes.barh(places, shares, height=thickness, align="edge", color=_COLOURS[channel], label=channel)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_title("At work, % of the time on duty")
    if used:
        axes.legend(loc="best")


def _by_the_clock(axes: "Axes") -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415

    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
