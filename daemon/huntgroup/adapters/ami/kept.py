"""Messages that callers left while the daemon was away.

The dialplan keeps what it says of each message in a global variable, and the names of these in a list, until the daemon
says that it has it. Global variables outlive the daemon, not the PBX: after a restart of both at once the message is in
its mailbox alone.
"""

import re

from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.fallback import setvar
from huntgroup.adapters.ami.handovers import message_of, recorded
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.engine.events import MessageLeft
from huntgroup.engine.ids import InquiryId, PbxId

LIST = "GLOBAL(HUNTGROUP_MESSAGES)"
_UNIQUEID = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_FIELDS = 5


def variable(uniqueid: str) -> str:
    """Where the dialplan keeps the message of the caller's channel of this Uniqueid."""
    return f"GLOBAL(HUNTGROUP_MESSAGE_{uniqueid})"


def listed(text: str) -> list[str]:
    """The Uniqueids in the list, each once."""
    return list(dict.fromkeys(each for each in text.split("|") if _UNIQUEID.fullmatch(each)))


def message(pbx: PbxId, uniqueid: str, text: str, directory: Directory) -> MessageLeft | None:
    """What is kept of one message; None when the daemon had it already, or it makes no sense.

    Of the caller only the digits of their number are kept: it comes back in the answer to an action, where a line
    break would be believed.
    """
    fields = text.split("|")
    if len(fields) != _FIELDS:
        return None
    number, mailbox, seconds, file, caller = fields
    inquiry = InquiryId(f"call-{pbx}-{uniqueid}")
    try:
        recording = recorded(mailbox, seconds, file)
    except ValueError:
        return None
    return message_of(inquiry, directory.source(number), directory.customer("", caller), recording)


def forget(uniqueid: str, *, is_last: bool) -> list[SafeAction]:
    """The daemon has this message; ``is_last``: and knows of no other that is kept."""
    return [setvar(variable(uniqueid), ""), *([setvar(LIST, "")] if is_last else [])]
