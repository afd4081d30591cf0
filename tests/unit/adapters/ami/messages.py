"""AMI messages as Asterisk 22.10 writes them, with what matters to a test filled in."""

from huntgroup.adapters.ami.wire import Message, parse

CHANNEL, UNIQUEID = "PJSIP/trunk-00000001", "1795282404.75"
NOT_SET = "(null)"
LEG = "PJSIP/anna-desk-00000002"
OUTSIDE_LEG, OUTSIDE_UNIQUEID = "PJSIP/trunk-00000005", "1795282409.80"
INQUIRY = f"call-main-{UNIQUEID}"


def read(text: str) -> Message:
    """The message that this text is."""
    message = parse(text.encode())
    assert message is not None, text
    return message


def _snapshot(prefix: str, **fields: str) -> list[str]:
    values = {
        "Channel": CHANNEL,
        "ChannelState": "4",
        "ChannelStateDesc": "Ring",
        "CallerIDNum": "+48600700800",
        "CallerIDName": "<unknown>",
        "ConnectedLineNum": "<unknown>",
        "ConnectedLineName": "<unknown>",
        "Language": "en",
        "AccountCode": "",
        "Context": "huntgroup-hold",
        "Exten": "wait",
        "Priority": "1",
        "Uniqueid": UNIQUEID,
        "Linkedid": UNIQUEID,
    }
    return [f"{prefix}{name}: {value}" for name, value in {**values, **fields}.items()]


def _lines(*lines: str) -> str:
    return "\r\n".join(lines)


def waiting(number: str = "+48221234567", attempts: str | None = None, **fields: str) -> str:
    """Our dialplan says that a caller waits."""
    said = [f"Number: {number}", *([] if attempts is None else [f"Attempts: {attempts}"])]
    return _lines(
        "Event: UserEvent", "Privilege: user,all", *_snapshot("", **fields), "UserEvent: HuntgroupWaiting", *said
    )


def dialed(attempt: str, status: str = "", cause: str = "0", **fields: str) -> str:
    """Our dialplan says that Dial came back."""
    said = [f"Attempt: {attempt}", f"Status: {status}", f"Cause: {cause}"]
    return _lines(
        "Event: UserEvent", "Privilege: user,all", *_snapshot("", **fields), "UserEvent: HuntgroupDialed", *said
    )


def dial(event: str, attempt: str, status: str = "", *, leg: str = LEG, **fields: str) -> str:
    """DialBegin, DialState or DialEnd of one leg."""
    caller = _snapshot("", **{"Context": "huntgroup-offer", "Exten": attempt, **fields})
    callee = _snapshot("Dest", Channel=leg, Context="lab-phones", Exten="", Uniqueid="1795282404.76")
    last = "DialString: anna-desk" if event == "DialBegin" else f"DialStatus: {status}"
    return _lines(f"Event: {event}", "Privilege: call,all", *caller, *callee, last)


def served(entry: str, **fields: str) -> str:
    """Our dialplan says what became of a caller whom nobody looked after here."""
    said = f"Entry: {entry}"
    return _lines(
        "Event: UserEvent", "Privilege: user,all", *_snapshot("", **fields), "UserEvent: HuntgroupServed", said
    )


def entry(
    number: int = 1,
    uniqueid: str = UNIQUEID,
    *,
    came: str = "1795282404.000",
    answered: str = "1795282414.500",
    ended: str = "1795282444.000",
    phone: str = "PJSIP%2Fanna-desk-00000002",
    between: str = ",",
) -> str:
    """What the PBX keeps of a call, as its database lists it."""
    first = f"a{number}|{uniqueid}|+48221234567|{came}|{answered}|{ended}"
    return between.join((first, "bx%2B48600700800", "cxJ%22a%2C%0D%0An", f"dx{phone}"))


def said(event: str, *fields: str, **about: str) -> str:
    """Our dialplan says something else of a channel; *fields* as ``Name: value``."""
    return _lines("Event: UserEvent", "Privilege: user,all", *_snapshot("", **about), f"UserEvent: {event}", *fields)


def outward(event: str, context: str, exten: str, last: str, **fields: str) -> str:
    """DialBegin or DialEnd of a leg to the trunk; *last* is the line with what was dialled, or what came of it."""
    caller = _snapshot("", **{"Context": context, "Exten": exten, **fields})
    callee = _snapshot("Dest", Channel=OUTSIDE_LEG, Context="huntgroup-inbound", Exten="", Uniqueid=OUTSIDE_UNIQUEID)
    return _lines(f"Event: {event}", "Privilege: call,all", *caller, *callee, last)


def joinable(attempt: str, far_end: str, uniqueid: str, caller: str = UNIQUEID) -> str:
    """Our dialplan says that the far end of a Local channel waits, by which phones can join."""
    about = _snapshot("", Channel=far_end, Context="huntgroup-join", Exten=attempt, Uniqueid=uniqueid)
    said = [f"Attempt: {attempt}", f"Caller: {caller}"]
    return _lines("Event: UserEvent", "Privilege: user,all", *about, "UserEvent: HuntgroupJoinable", *said)


def code(dialled: str, channel: str = "PJSIP/ben-00000003", uniqueid: str = "1795294133.20", **fields: str) -> str:
    """Our dialplan says that somebody dialled one of our codes."""
    place = {"Context": "huntgroup-code", "Exten": f"code{dialled}"}
    about = _snapshot("", **{"Channel": channel, "Uniqueid": uniqueid, **place, **fields})
    return _lines("Event: UserEvent", "Privilege: user,all", *about, "UserEvent: HuntgroupCode", f"Dialled: {dialled}")


def hangup(channel: str = CHANNEL, uniqueid: str = UNIQUEID, cause: str = "16", **fields: str) -> str:
    """A channel is gone."""
    about = _snapshot("", **{"Channel": channel, "Uniqueid": uniqueid, **fields})
    return _lines("Event: Hangup", "Privilege: call,all", *about, f"Cause: {cause}", "Cause-txt: Normal Clearing")


def enters(bridge: str, channel: str = CHANNEL, uniqueid: str = UNIQUEID, *, swaps: str = "", kind: str = "") -> str:
    """A channel enters a bridge, in the place of another one if it *swaps*; *kind* is its technology."""
    of_bridge = {
        "BridgeUniqueid": bridge,
        "BridgeType": "basic",
        "BridgeTechnology": kind or "simple_bridge",
        "BridgeCreator": "<unknown>",
        "BridgeName": "<unknown>",
        "BridgeNumChannels": "1",
        "BridgeVideoSourceMode": "none",
    }
    about = _snapshot("", Channel=channel, Uniqueid=uniqueid)
    lines = [f"{name}: {value}" for name, value in of_bridge.items()]
    swap = [f"SwapUniqueid: {swaps}"] if swaps else []
    return _lines("Event: BridgeEnter", "Privilege: call,all", *lines, *about, *swap)


def device_state(phone: str, state: str) -> str:
    """A phone's device state changed."""
    return _lines("Event: DeviceStateChange", "Privilege: call,all", f"Device: {phone}", f"State: {state}")


def status(
    context: str,
    exten: str = "wait",
    *,
    bridge: str = "",
    number: str = "(null)",
    order: str = "(null)",
    came: str = "(null)",
    peer: str = "",
    caller: str = "(null)",
    **fields: str,
) -> str:
    """One channel in an answer to Status."""
    about = _snapshot("", **{"Context": context, "Exten": exten, **fields})
    variables = [
        f"Variable: HUNTGROUP_NUMBER={number}",
        f"Variable: HUNTGROUP_ORDER={order}",
        f"Variable: HUNTGROUP_CAME={came}",
        f"Variable: HUNTGROUP_CALLER={caller}",
        f"Variable: BRIDGEPEER={peer or (LEG if bridge else NOT_SET)}",
    ]
    return _lines("Event: Status", "Privilege: Call", *about, "DNID: 1", f"BridgeID: {bridge}", *variables)
