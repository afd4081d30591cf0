"""What the dialplan has to go by while the daemon is away: its beat, and the list of every number."""

from collections.abc import AsyncIterator, Iterable

from huntgroup.adapters.ami import fallback
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.doctor.findings import Finding, failed, fine, listed, note
from huntgroup.doctor.session import Session
from huntgroup.engine.policy import Policy

WHERE = "the daemon"
LOG = "see its log: `journalctl -u huntgroup`"
SHOWN_MOST = 5


async def look(session: Session, policy: Policy, directory: Directory, *, is_running: bool) -> AsyncIterator[Finding]:
    """The beat, and the lists. ``is_running``: a daemon has the store of this configuration."""
    alive_until = await session.value(fallback.ALIVE_UNTIL)
    now = float((await session.ask("Ping")).timestamp or "nan")
    left = _number(alive_until) - now
    yield _beat(left, is_running=is_running)
    lists = fallback.publish(policy, fallback.written(policy, directory), directory)
    yield await _lists(session, lists, is_running=is_running)


def _number(text: str) -> float:
    try:
        return float(text or "0")
    except ValueError:
        return 0.0


def _beat(left: float, *, is_running: bool) -> Finding:
    if is_running and left > 0:
        return fine("daemon.beat", "the daemon runs, and the PBX hears its beat")
    if is_running:
        said = "the daemon runs, but the PBX hears no beat of it: callers are served by the fallback"
        return failed("daemon.beat", said, WHERE, LOG)
    if left > 0:
        said = "a daemon with another store beats at this PBX, or did some seconds ago"
        return note("daemon.beat", said, "[store]: url", "one PBX can have one daemon: stop the other one")
    return note("daemon.beat", "the daemon does not run", WHERE, "`systemctl enable --now huntgroup`")


async def _lists(session: Session, lists: Iterable[SafeAction], *, is_running: bool) -> Finding:
    wanted = {str(action["Variable"]): str(action["Value"]) for action in lists}
    found = await session.values(wanted)
    there = {number: text for number, text in found.items() if text}
    other = [number for number, text in wanted.items() if found[number] not in {"", text}]
    missing = [_plain(number) for number in wanted if number not in there]
    where = "[[numbers]]"
    if not wanted:
        return note("daemon.lists", "no number is served", where, '`[[numbers]]`, `number = "…"`, `group = "…"`')
    if missing and is_running:
        said = f"the PBX has no list for {listed(missing[:SHOWN_MOST])}"
        return failed("daemon.lists", said, where, f"`systemctl reload huntgroup`, and {LOG}")
    if missing:
        said = f"the PBX has no list yet for {listed(missing[:SHOWN_MOST])}: their callers are turned away"
        return note("daemon.lists", said, where, "the daemon tells it when it starts")
    if other:
        said = f"the PBX has another list for {listed(_plain(each) for each in other[:SHOWN_MOST])}"
        return note("daemon.lists", said, where, "the file has changed since: `systemctl reload huntgroup`")
    return fine("daemon.lists", f"the PBX knows whom to ring while the daemon is away ({len(wanted)})")


def _plain(variable: str) -> str:
    return variable.removeprefix("GLOBAL(HUNTGROUP_LIST_").removesuffix(")")
