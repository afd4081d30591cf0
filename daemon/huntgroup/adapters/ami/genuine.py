"""Which messages are Asterisk's own words, and which a caller put into its mouth.

Asterisk escapes line breaks in names, but writes numbers as they come: with ``sip:1%0d%0a%0d%0aEvent:%20…@x`` in a
From header, or a dialled ``+48%0d%0a…``, a caller writes lines and whole messages into the AMI of every user (seen on
16.28 and 22.10: CallerIDNum, Exten, DNID). A line more makes a doubled header, which `wire.parse` refuses. This is for
whole messages: one within another is known by where it stands, behind a message without an end (see `Wire`), and by its
length. chan_pjsip cuts each of these texts off at 79 bytes; the headers up to CallerIDNum, in their order, need
94 of them, and a DeviceStateChange 84: too long to be written by a caller, whose words end where Asterisk's go on.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huntgroup.adapters.ami.wire import Message

SNAPSHOT = (
    *("event", "privilege", "channel", "channelstate", "channelstatedesc", "calleridnum", "calleridname"),
    *("connectedlinenum", "connectedlinename", "language", "accountcode", "context", "exten", "priority"),
    *("uniqueid", "linkedid"),
)
"""What an event about a channel begins with. Other headers may stand in between (``Timestamp``, ``SystemName``)."""
IN_A_BRIDGE = (
    *("event", "privilege", "bridgeuniqueid", "bridgetype", "bridgetechnology", "bridgecreator", "bridgename"),
    *("bridgenumchannels", *SNAPSHOT[2:]),
)
CERTAIN = 5
"""Headers with which a message begins before any that others than Asterisk write into."""
DEVICE_STATE = ("event", "privilege", "device", "state")
ADMINISTRATIVE = frozenset({"timestamp", "sequencenumber", "file", "line", "func", "systemname"})
"""What an administrator may have Asterisk add to any event."""
SHAPES: Mapping[str, tuple[str, Sequence[str]]] = {
    "UserEvent": ("user,all", (*SNAPSHOT, "userevent")),
    "DialBegin": ("call,all", (*SNAPSHOT, "destchannel", "dialstring")),
    "DialState": ("call,all", (*SNAPSHOT, "destchannel", "dialstatus")),
    "DialEnd": ("call,all", (*SNAPSHOT, "destchannel", "dialstatus")),
    "Hangup": ("call,all", (*SNAPSHOT, "cause")),
    "BridgeEnter": ("call,all", IN_A_BRIDGE),
    "Status": ("Call", SNAPSHOT),
    "DeviceStateChange": ("call,all", DEVICE_STATE),
}
"""Event to its privilege and the headers that it has in this order."""


def is_genuine(message: "Message") -> bool:
    """Whether a message of one of these events is as Asterisk writes it."""
    privilege, wanted = SHAPES[message.event]
    names = message.names
    if message.privilege != privilege or names[:2] != SNAPSHOT[:2]:
        return False
    if wanted is DEVICE_STATE:
        return ADMINISTRATIVE.issuperset(names[2:-2]) and names[-2:] == DEVICE_STATE[2:]
    if names[: len(SNAPSHOT)] == SNAPSHOT:  # mostly nothing stands in between; the long way takes 5 times as long
        names, wanted = names[len(SNAPSHOT) :], wanted[len(SNAPSHOT) :]
    rest = iter(names)
    return all(name in rest for name in wanted)


def is_cut(event: str, names: Sequence[str]) -> bool:
    """Whether a message with headers of these names, in lower case, begins as Asterisk begins one of this event, and
    ends before its end. The beginning needs 81 bytes: it is nothing that a caller wrote."""
    wanted = SHAPES[event][1]
    rest = iter(names)
    return all(name in rest for name in wanted[:CERTAIN]) and any(name not in names for name in wanted)


def has_a_channel(message: "Message") -> bool:
    """Whether an event of these names may concern us. Asterisk has some of the same names about nobody's channel: a
    UserEvent that comes of an AMI action, and Dial events where somebody originates a call."""
    if message.event == "DeviceStateChange":
        return True
    return "channel" in message and (message.event != "UserEvent" or "channelstate" in message.names[:10])


def swapped(message: "Message") -> str:
    """The Uniqueid of who gives up their place in a bridge to this channel, or "": it stands behind what tells of the
    channel, and no caller's words do."""
    names = message.names
    return str(message.swapuniqueid) if "swapuniqueid" in names[names.index("linkedid") :] else ""


def reported(message: "Message", name: str) -> str:
    """What our dialplan reports under this name, or "": it stands behind the name of the UserEvent, and nobody else's
    words do."""
    names = message.names
    return str(message[name]) if name in names[names.index("userevent") :] else ""
