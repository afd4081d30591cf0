"""What the AMI user may do and hear: what the daemon needs, and what nobody should have for nothing.

What may be done is asked of the live session: ListCommands names the actions that the user may use, and needs no
privilege. What is heard Asterisk tells nobody; but it reads its own configuration files to who may ask for a variable
(AST_CONFIG, seen on 16.28 and 22.10), so `read` and the event filters are looked up in manager.conf.
"""

import re
from collections.abc import AsyncIterator
from typing import NamedTuple

from huntgroup.doctor.findings import Finding, failed, fine, listed, note
from huntgroup.doctor.session import Session


class Write(NamedTuple):
    """A privilege to do something, and an action that only who has it may use."""

    name: str
    action: str


WRITE = (Write("call", "Redirect"),)
"""What the daemon needs: a new one is one line."""
TO_CALL_BACK = Write("originate", "Originate")
"""What it needs where a group calls its customers back."""
TOO_MUCH = (
    Write("originate", "Originate"),
    Write("command", "Command"),
    Write("config", "UpdateConfig"),
    Write("system", "ModuleLoad"),
)
"""What a thief of the secret could do harm with; one that is needed is not told of."""
READ = ("system", "call", "user")
EVENTS = {
    "FullyBooted": "Status: Fully Booted",
    "UserEvent": "UserEvent: HuntgroupWaiting",
    "DialBegin": "DestChannel: PJSIP/phone-00000001",
    "DialState": "DialStatus: RINGING",
    "DialEnd": "DialStatus: ANSWER",
    "Hangup": "Cause: 16",
    "BridgeEnter": "BridgeUniqueid: 00000000-0000-0000-0000-000000000000",
    "DeviceStateChange": "Device: PJSIP/phone",
}
"""What the daemon hears of, each with a line such as stands in it: a new one is one line."""
FILTERS_MOST = 20
LAST = -1
"""Of a key that stands there twice the last line holds."""


async def look(session: Session, *, calls_back: bool) -> AsyncIterator[Finding]:
    """What may be done, and what is heard. ``calls_back``: a group calls its customers back."""
    user = session.pbx.username
    commands = await session.ask("ListCommands")
    needed = (*WRITE, TO_CALL_BACK) if calls_back else WRITE
    may = {each.name for each in (*needed, *TOO_MUCH) if each.action in commands}
    keys = [_in_file(user, f"{key},{LAST}") for key in ("read", "write")]
    filters = [_in_file(user, f"eventfilter,{index}") for index in range(FILTERS_MOST)]
    found = await session.values([*keys, *filters])
    read, write = (_words(found[key]) for key in keys)
    yield _write(user, may, write, tuple(each.name for each in needed))
    yield _read(user, read)
    lines = [found[each] for each in filters if found[each]]
    yield _filters(user, lines) if read else _unread(user)


def _in_file(user: str, key: str) -> str:
    return f"AST_CONFIG(manager.conf,{user},{key})"


def _words(text: str) -> set[str]:
    return {word.strip() for word in text.split(",") if word.strip()}


def _line(kind: str, names: tuple[str, ...]) -> str:
    return f'`{kind} = {",".join(names)}`, then `asterisk -rx "manager reload"`'


def _write(user: str, may: set[str], in_file: set[str], needed: tuple[str, ...]) -> Finding:
    where = f"manager.conf: [{user}]: write"
    missing = [name for name in needed if name not in may]
    if missing and in_file.intersection({*missing, "all"}):
        said = f"the file grants {listed(missing)}, but the PBX does not: it has not read the file since"
        return failed("pbx.write", said, where, '`asterisk -rx "manager reload"`')
    if missing:
        what = " (a group calls its customers back)" if TO_CALL_BACK.name in missing else ""
        said = f"{user} may not do what needs the privilege {listed(missing)}{what}"
        return failed("pbx.write", said, where, _line("write", needed))
    extra = [each.name for each in TOO_MUCH if each.name in may and each.name not in needed]
    if extra:
        said = f"{user} may do more than the daemon needs: {listed(extra)}; so may who steals the secret"
        return note("pbx.write", said, where, _line("write", needed))
    return fine("pbx.write", f"{user} may do what it must: {listed(needed)}")


def _read(user: str, in_file: set[str]) -> Finding:
    where = f"manager.conf: [{user}]: read"
    if not in_file:
        return _unread(user, "pbx.read")
    missing = [name for name in READ if name not in in_file and "all" not in in_file]
    if missing:
        said = f"{user} does not hear what needs the privilege {listed(missing)}"
        return failed("pbx.read", said, where, _line("read", READ))
    extra = sorted(in_file.difference(READ))
    if extra:
        said = f"{user} hears more than the daemon needs: {listed(extra)}; so does who steals the secret"
        return note("pbx.read", said, where, _line("read", READ))
    return fine("pbx.read", f"{user} hears what it must: {listed(READ)}")


def _unread(user: str, check: str = "pbx.filters") -> Finding:
    what = "whether event filters keep anything away" if check == "pbx.filters" else f"what {user} hears"
    said = f"{what} cannot be told: [{user}] cannot be read in the PBX's manager.conf"
    return note(
        check, said, f"manager.conf: [{user}]", "`huntgroup doctor --test-call NUMBER` hears what comes of a call"
    )


def _filters(user: str, lines: list[str]) -> Finding:
    """By Asterisk's own rule: one that lets in must match, if there is any; one that keeps away (``!``) must not."""
    where = f"manager.conf: [{user}]: eventfilter"
    mend = 'put the `eventfilter` lines of config/manager.conf there, then `asterisk -rx "manager reload"`'
    if not lines:
        return note("pbx.filters", "there are no event filters: everything of its privileges is sent", where, mend)
    kept_away = []
    try:
        white = [_expression(each) for each in lines if not each.startswith("!")]
        black = [_expression(each[1:]) for each in lines if each.startswith("!")]
        for name, line in EVENTS.items():
            text = f"Event: {name}\r\nPrivilege: call,all\r\nUniqueid: 1.1\r\n{line}\r\n\r\n"
            if (white and not any(each.search(text) for each in white)) or any(each.search(text) for each in black):
                kept_away.append(name)
    except re.error:
        return note("pbx.filters", "the event filters are too intricate to be judged from here", where, mend)
    if kept_away:
        return failed(
            "pbx.filters", f"the event filters keep away what the daemon needs: {listed(kept_away)}", where, mend
        )
    if black:
        said = "a caller can hide their own call from the daemon: an event filter that begins with ! keeps events back"
        return failed("pbx.filters", said, where, mend)
    return fine("pbx.filters", "the event filters let through what the daemon needs")


_CLASSES = {"cntrl": r"\x00-\x1f\x7f", "digit": "0-9", "alpha": "A-Za-z", "alnum": "A-Za-z0-9", "space": r"\s"}


def _expression(text: str) -> re.Pattern[str]:
    """A POSIX expression as one of Python's. Raises re.error for one with classes unknown here."""
    for name, signs in _CLASSES.items():
        text = text.replace(f"[:{name}:]", signs)
    if "[:" in text:
        raise re.error("a class that is unknown here")
    return re.compile(text, re.DOTALL)
