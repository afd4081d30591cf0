"""AMI: the bytes of the manager interface through wire, parser, translator and resync.

Inputs: messages in the form that Asterisk 16 and 22 write, in any order, about two hostile callers, a waiting victim
and the phones. The callers control the fields that Asterisk copies unescaped (number, dialled number, connected line:
79 bytes each) and, escaped, their names. Some streams include an answer to Status with the same callers. One third of
the streams is mutated bytes. Streams are cut at any byte.

Rules:

* No exception, and the connection stays open unless a message exceeds a mebibyte.
* A message about one caller never becomes an event about another call or a phone's state: no forged event is believed.
* The same bytes give the same events however they are cut.
* An answer to an action ends where Asterisk ends it, and only there.
* After all calls have hung up the state is empty, whatever the callers wrote. If a refused message was reported, a look
  at an empty PBX clears the state. After mutated bytes a resync with an empty PBX does.
* The size of the state is bounded by the number of messages.
"""

import asyncio
import re
from collections.abc import Iterator
from inspect import signature
from typing import Any

from huntgroup.adapters.ami.across import Arrivals, Crossings
from huntgroup.adapters.ami.codes import Codes
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.joining import Joining
from huntgroup.adapters.ami.resync import reconcile
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.wire import END, GREETING, MAX_MESSAGE, Message, SafeAction, Wire
from huntgroup.engine.events import Event, InquiryReceived, PhoneState, PhoneStateChanged
from huntgroup.engine.ids import PbxId
from huntgroup.settings import Telephony
from tests.fuzz.dice import TOKENS, Dice
from tests.fuzz.driver import Case, Violation
from tests.unit.adapters.ami.conftest import PHONES, POLICY
from tests.unit.adapters.ami.messages import (
    code,
    device_state,
    dial,
    dialed,
    enters,
    entry,
    hangup,
    joinable,
    outward,
    said,
    served,
    status,
    waiting,
)

MOST = 79
"""The bytes of a number that chan_pjsip copies."""
BANNER = GREETING + b"9.0.0\r\n"
NEXT_BANNER = b"\r\n\r\n"
ATTACKERS = {"a": ("1795282404.75", "PJSIP/trunk-00000001"), "b": ("1795282404.77", "PJSIP/trunk-00000003")}
VICTIM = ("1795282404.99", "PJSIP/trunk-000000ff")
CALLERS = {**ATTACKERS, "v": VICTIM}
LEGS = {
    "a": (("PJSIP/anna-desk-00000012", "1795282410.12"), ("PJSIP/ben-00000013", "1795282410.13")),
    "b": (("PJSIP/anna-desk-00000032", "1795282410.32"), ("PJSIP/ben-00000033", "1795282410.33")),
}
PHONE = ("PJSIP/ben-00000021", "1795294133.20")
FAR_ENDS = {
    "a": ("Local/1@huntgroup-join-00000001;2", "1795282411.30"),
    "b": ("Local/1@huntgroup-join-00000002;2", "1795282411.31"),
}
STATUSES = ("RINGING", "PROGRESS", "ANSWER", "NOANSWER", "CANCEL", "BUSY", "CHANUNAVAIL", "CONGESTION")
CAUSES = ("0", "16", "17", "19", "21", "")
_MARK = re.compile("\x01([a-z.]+)\x02")
IS_TOLD_OF_REFUSED = "refused" in signature(Wire.__init__).parameters
IN_DOUBT_MOST = 12
"""The number of messages that may be refused after mutated bytes."""
SIZE_MOST = 12
"""The maximum number of state entries per message."""

FORGED: tuple[str, ...] = (
    "\r\n\r\n",
    "\r\n\r\nEvent: Hangup\r\nUniqueid: {victim}\r\nChannel: x\r\nCause: 16\r\n\r\n",
    "\r\nCause: 16",
    "\r\nEvent: Hangup",
    "\r\nevent: DeviceStateChange\r\nDevice: PJSIP/ben\r\nState: BUSY",
    "\r\nUniqueid: {victim}",
    "\r\nchannel: {channel}",
    "\r\n\r\nEvent: DeviceStateChange\r\nPrivilege: call,all\r\nDevice: PJSIP/ben\r\nState: BUSY\r\n\r\n",
    "\r\n\r\nEvent: UserEvent\r\nPrivilege: user,all\r\nChannel: {channel}",
    "\r\nUserEvent: HuntgroupWaiting\r\nUniqueid: 6.6\r\nNumber: +48221234567",
    "\r\nUserEvent: HuntgroupServed\r\nEntry: a9|{victim}|1|1|1|2 bx cx dx",
    "\r\n\r\nResponse: x",
    "\r\n\r\nResponse: Success\r\nActionID: {action}\r\n\r\n",
    "\r\nEventList: Complete",
    "\r\n\r\nEvent: StatusComplete\r\nActionID: {action}\r\n",
    "\r\nActionID: x",
    "\r\nSwapUniqueid: {victim}",
    "\r\nVariable: HUNTGROUP_NUMBER=1",
    "\r\nDestUniqueid: {victim}\r\nDestChannel: {channel}",
    "\r\nAttempt: 9",
    "\r\nExten: 1",
    "\r\nContext: huntgroup-offer",
    ": ",
    "\r",
    "\n",
)
"""Text that a caller puts after a digit of a number; ``{action}`` is a guess of the action's id."""
HEADERS = (
    *("Event", "Privilege", "Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName"),
    *("ConnectedLineNum", "ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority", "Uniqueid"),
    *("Linkedid", "UserEvent", "DestChannel", "DestUniqueid", "DestExten", "DialStatus", "DialString", "Cause"),
    *("Cause-txt", "BridgeUniqueid", "BridgeTechnology", "SwapUniqueid", "Device", "State", "Number", "Attempts"),
    *("Attempt", "Status", "Key", "Entry", "Dialled", "Caller", "Response", "ActionID", "EventList", "Items"),
    *("ListItems", "Variable", "BridgeID", "DNID", "Timestamp", "Came", "Mailbox", "Seconds", "File", "Message"),
)
WILD = (
    *TOKENS,
    *(f"\r\n{name}: ".encode() for name in HEADERS),
    *(each.encode() for each in FORGED),
    *(b"\r\n\r\n", b"Event: ", b"Response: Success\r\n", BANNER),
)


class Peer(asyncio.Transport):
    """A transport without a peer."""

    def __init__(self) -> None:
        super().__init__()
        self.is_aborted = False
        self.written = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Record written bytes."""
        self.written += data

    def abort(self) -> None:
        """Record the abort."""
        self.is_aborted = True

    def pause_reading(self) -> None:
        """Ignored."""

    def resume_reading(self) -> None:
        """Ignored."""


class Link:
    """A wire and a translator, and the events that result."""

    def __init__(self) -> None:
        crossings = Crossings()
        joining = Joining(lambda _: None)
        arrivals = Arrivals(PbxId("main"), POLICY, crossings)
        directory = Directory(country="pl", numbers={"+48221234567": "+48221234567"}, outbound="PJSIP/{number}@trunk")
        self.translator = Translator(PbxId("main"), PHONES, directory, joining, crossings=crossings, arrivals=arrivals)
        self.arrivals = arrivals
        codes = Codes(Telephony(), POLICY, lambda _: None, self.translator.phone_of, lambda _: [])
        self.translator.on_code = codes.dialled
        self.told: list[Event] = []
        self.errors: list[Exception] = []
        self.heard = 0
        self.refused: list[Any] = []
        self._noticing: dict[str, Any] = {"refused": self.refused.append} if IS_TOLD_OF_REFUSED else {}
        self.connect()

    def connect(self) -> None:
        """Reconnect; the translator keeps its state."""
        self.peer = Peer()
        self.wire = Wire(self._received, lambda: None, "main", **self._noticing)
        self.wire.connection_made(self.peer)
        self.wire.data_received(BANNER)

    def _received(self, message: Message) -> None:
        self.heard += 1
        try:
            self.told += self.translator.translate(message)
        except Exception as error:
            self.errors.append(error)
            raise

    def takes(self, data: bytes, cut: int) -> list[Event]:
        """Receive bytes in chunks of ``cut``; the resulting events."""
        before = len(self.told)
        step = cut or len(data) or 1
        for begin in range(0, len(data), step):
            self.wire.data_received(data[begin : begin + step])
        if self.errors:
            raise self.errors[0]
        return self.told[before:]


class Ami:
    """See the module's description."""

    name = "ami"

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        """Close the event loop."""
        self._loop.close()

    def weight(self, _case: Case) -> int:
        """A stream counts as one input."""
        return 1

    # -- making ---------------------------------------------------------------------------------------------------

    def make(self, dice: Dice) -> Case:
        """A stream: messages with their subject, and the callers' texts; or, as ``wild``, mutated bytes."""
        texts = {name: _number(dice) for name in ("a.num", "b.num", "c.num", "a.line", "b.line")}
        for name in ("a.exten", "b.exten"):
            texts[name] = _number(dice) if dice.chance(0.3) else "+48221234567"
        for name in ("a.name", "b.name"):
            texts[name] = dice.text() if dice.chance(0.3) else "<unknown>"
        pieces: list[Any] = [("v", waiting(Uniqueid=VICTIM[0], Channel=VICTIM[1]))]
        for _ in range(1 + dice.below(10)):
            who = dice.one_of("a", "a", "a", "b", "p", "c")
            pieces.append((who, _message(dice, who)))
        case: dict[str, Any] = {
            "pieces": pieces,
            "texts": texts,
            "cut": 1 if dice.chance(0.02) else dice.one_of(0, 0, 0, 0, 19, 100),
        }
        if dice.chance(0.33):
            whole = END.join(_written(text, texts) for _, text in pieces) + END
            if dice.chance(0.001):
                whole += b"Event: x\r\nA: " + b"y" * (MAX_MESSAGE + dice.below(3))
                case["cut"] = dice.one_of(0, 60_000)
            return {"wild": dice.mutated(whole, WILD, 6), "cut": case["cut"]}
        if dice.chance(0.3):
            case["status"] = [(who, _status(dice, who)) for who in CALLERS if who == "v" or dice.chance(0.8)]
        return case

    # -- checking -------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """See the module's description."""
        self._loop.run_until_complete(_check(case))


async def _check(case: Case) -> None:
    link = Link()
    if "wild" in case:
        link.takes(case["wild"], case["cut"])
        _is_bounded(link)
        _goes_on_after_wild_bytes(link)
        return
    texts = case["texts"]
    for who, text in case["pieces"]:
        _is_about(who, link.takes(_written(text, texts) + END, case["cut"]))
        _is_bounded(link)
    if not link.wire.is_open:
        raise Violation("the connection to a PBX that speaks AMI is given up", link.wire.why_lost)
    if case["cut"]:
        _comes_out_the_same(case, link.told)
    if case.get("status"):
        _answers_and_resyncs(link, case)
    _ends(link, case)


def _is_about(who: str, events: list[Event]) -> None:
    """Events must concern only the subject of the message."""
    for event in events:
        if isinstance(event, PhoneStateChanged):
            is_theirs = who in "pc"
        else:
            named = {getattr(event, name, None) for name in ("inquiry", "stands_for", "message")} - {None}
            is_theirs = named <= _inquiries(who)
        if not is_theirs:
            raise Violation(f"a message about one caller becomes {type(event).__name__} of another call", event)


def _inquiries(who: str) -> set[str]:
    if who not in CALLERS:
        return set()
    own = f"call-main-{CALLERS[who][0]}"
    return {own, f"message-{own}"}


def _is_bounded(link: Link) -> None:
    if link.translator.size() + link.arrivals.size() > SIZE_MOST * (link.heard + 1):
        raise Violation("the state grows beyond its bound", link.translator.size())
    if link.wire.is_open and len(link.wire._buffer) > MAX_MESSAGE:
        raise Violation("the receive buffer grows beyond its bound", len(link.wire._buffer))


def _goes_on_after_wild_bytes(link: Link) -> None:
    """After mutated bytes the next valid messages count again, and a resync clears the state."""
    if not link.wire.is_open:
        link.connect()
    before = link.heard
    for _ in range(IN_DOUBT_MOST):
        link.takes(END + device_state("PJSIP/ben", "BUSY").encode() + END, 0)
    if link.heard == before:
        raise Violation("no message is accepted after mutated bytes")
    _forgets_everything(link)


def _look_again(link: Link) -> None:
    """What the daemon does after a refused message, with a PBX that has no calls: query channels and phone states."""
    reconcile([], link.translator)
    for phone in PHONES:
        link.translator.in_use.told(phone, PhoneState.NOT_INUSE)


def _forgets_everything(link: Link) -> None:
    _look_again(link)
    if link.translator.size() or link.arrivals.size():
        raise Violation("a resync with an empty PBX leaves state", link.translator.size())


def _comes_out_the_same(case: Case, told: list[Event]) -> None:
    other = Link()
    other.takes(b"".join(_written(text, case["texts"]) + END for _, text in case["pieces"]), 0)
    if other.told != told:
        raise Violation("the events depend on how the stream is cut", (told, other.told))


def _answers_and_resyncs(link: Link, case: Case) -> None:
    """Query the channels, receive an answer with callers' texts, and reconcile."""
    asked = SafeAction({"Action": "Status", "Variables": "HUNTGROUP_NUMBER"})
    link.wire.send_actions([asked], 3_600.0)
    mine = f"ActionID: {asked.id}".encode()
    blocks = [b"Response: Success\r\n%s\r\nEventList: start\r\nMessage: Channel status will follow" % mine]
    blocks += [_written(text, case["texts"]) + b"\r\n" + mine for _, text in case["status"]]
    count = len(case["status"])
    last = b"Event: StatusComplete\r\n%s\r\nEventList: Complete\r\nListItems: %d\r\nItems: %d" % (mine, count, count)
    for block in blocks:
        link.takes(block + END, case["cut"])
        if asked.future.done():
            raise Violation("a caller's text ends the answer to an action", block)
    link.takes(last + END, case["cut"])
    if not asked.future.done():
        raise Violation("the answer to an action never ends")
    is_listed = any(who == "v" for who, _ in case["status"])
    # The daemon queries items that cannot be read completely again.
    items = [each for each in asked.future.result()[1:] if each.is_whole is not False]
    found = reconcile(items, link.translator)
    for event in (*found.missed, *found.waiting):
        if is_listed and getattr(event, "inquiry", "") in _inquiries("v") and not isinstance(event, InquiryReceived):
            raise Violation("one caller's text changes the state of another call at a resync", event)


def _ends(link: Link, case: Case) -> None:
    """All channels hang up; the Hangup messages carry the callers' texts."""
    texts = case["texts"]
    named = dict(_channels([text for _, text in (*case["pieces"], *case.get("status", ()))]))
    named |= {call.uniqueid: call.channel for call in link.translator.known_calls()}
    for uniqueid, channel in named.items():
        who = next((each for each, own in CALLERS.items() if own[0] == uniqueid), "v")
        link.takes(_written(hangup(channel, uniqueid, CallerIDNum=_mark(who, "num")), texts) + END, 0)
    if link.refused:
        _look_again(link)
    if link.translator.size() or link.arrivals.size():
        raise Violation("a call remains known after its Hangup", link.translator.known_calls())


def _channels(texts: list[str]) -> Iterator[tuple[str, str]]:
    """Uniqueid and name of each channel in these messages."""
    ours = ((channel, uniqueid) for uniqueid, channel in CALLERS.values())
    for channel, uniqueid in (*LEGS["a"], *LEGS["b"], PHONE, *FAR_ENDS.values(), *ours):
        if any(channel in text for text in texts):
            yield uniqueid, channel


# -- what is written --------------------------------------------------------------------------------------------------


def _number(dice: Dice) -> str:
    """A caller's or a dialled number: up to 79 bytes of anything."""
    if dice.chance(0.25):
        return dice.one_of("+48600700800", "600700800", "<unknown>", "", "anonymous")
    if dice.chance(0.15):
        text = dice.text()
    else:
        text = "1" + "".join(dice.pick(FORGED) for _ in range(1 + dice.below(2)))
        if dice.chance(0.3):
            text += f"\r\n{dice.pick(HEADERS)}: {dice.one_of('16', VICTIM[0], VICTIM[1], 'x', 'HuntgroupWaiting')}"
    text = text.replace("{victim}", VICTIM[0]).replace("{channel}", VICTIM[1]).replace("{action}", "huntgroup-1-1")
    return text.replace("\0", "").encode()[:MOST].decode("utf-8", "ignore")


def _mark(who: str, what: str) -> str:
    """The placeholder of a caller's text in a message."""
    return f"\x01{who}.{what}\x02"


def _written(text: str, texts: dict[str, str]) -> bytes:
    """A message with the callers' texts inserted."""

    def put_in(found: re.Match[str]) -> str:
        what = texts.get(found[1], "+48600700800")
        return _escaped(what) if found[1].endswith(".name") else what

    return _MARK.sub(put_in, text).encode()


def _escaped(text: str) -> str:
    """A name as Asterisk writes it."""
    return text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n").replace("\0", "")[:MOST]


def _about(dice: Dice, who: str) -> dict[str, str]:
    uniqueid, channel = CALLERS[who]
    about = {"Uniqueid": uniqueid, "Channel": channel, "Linkedid": uniqueid}
    if who in ATTACKERS:
        about["CallerIDNum"] = _mark(who, "num")
        about["CallerIDName"] = _mark(who, "name")
        if dice.chance(0.2):
            about["ConnectedLineNum"] = _mark(who, "line")
    return about


def _message(dice: Dice, who: str) -> str:
    if who == "p":
        return device_state(dice.one_of(*PHONES, "PJSIP/x"), dice.one_of("NOT_INUSE", "BUSY", "INUSE", "", "x"))
    if who == "c":
        if dice.chance(0.5):
            return hangup(*PHONE)
        return code(dice.one_of("*11", "*45", "*46", "*1", "", "x"), *PHONE, CallerIDNum=_mark("c", "num"))
    return dice.pick(_OF_CALLERS)(dice, who, _about(dice, who))


def _waits(dice: Dice, who: str, about: dict[str, str]) -> str:
    attempts = dice.one_of(None, "0", "1", "2", "", "x")
    if dice.chance(0.5):
        about |= {"Context": "huntgroup-inbound", "Exten": _mark(who, "exten")}
    return waiting(attempts=attempts, **about)


def _dials(dice: Dice, who: str, about: dict[str, str]) -> str:
    leg, uniqueid = dice.pick(LEGS[who])
    context = dice.one_of(
        "huntgroup-offer", "huntgroup-offer", "huntgroup-fallback", "huntgroup-joined", "huntgroup-out"
    )
    kind = dice.one_of("DialBegin", "DialState", "DialEnd")
    text = dial(kind, dice.one_of("1", "2", "s", "h"), dice.pick(STATUSES), leg=leg, **about, Context=context)
    return text.replace("1795282404.76", uniqueid)


def _dialled(dice: Dice, _who: str, about: dict[str, str]) -> str:
    return dialed(dice.one_of("1", "2", "x"), dice.one_of(*STATUSES, "NOMAILBOX"), dice.pick(CAUSES), **about)


def _hangs_up(dice: Dice, who: str, about: dict[str, str]) -> str:
    if dice.chance(0.4):
        leg, uniqueid = dice.pick(LEGS[who])
        return hangup(leg, uniqueid, dice.pick(CAUSES), CallerIDNum=about["CallerIDNum"])
    channel, uniqueid = about.pop("Channel"), about.pop("Uniqueid")
    return hangup(channel, uniqueid, dice.pick(CAUSES), **about)


def _enters(dice: Dice, who: str, about: dict[str, str]) -> str:
    channel, uniqueid = dice.one_of((about["Channel"], about["Uniqueid"]), *LEGS[who])
    kind = dice.one_of("", "", "holding_bridge")
    text = enters(f"bridge-{who}", channel, uniqueid, kind=kind)
    return text.replace("CallerIDNum: +48600700800", f"CallerIDNum: {about['CallerIDNum']}")


def _goes_out(dice: Dice, _who: str, about: dict[str, str]) -> str:
    event = dice.one_of("DialBegin", "DialEnd")
    last = "DialString: x" if event == "DialBegin" else f"DialStatus: {dice.pick(STATUSES)}"
    return outward(event, dice.one_of("huntgroup-out", "huntgroup-call-customer"), dice.one_of("1", "2"), last, **about)


def _joins(dice: Dice, who: str, about: dict[str, str]) -> str:
    return joinable(dice.one_of("1", "2"), *FAR_ENDS[who], caller=about["Uniqueid"])


def _says(dice: Dice, _who: str, about: dict[str, str]) -> str:
    name, *fields = dice.one_of(
        ("HuntgroupPlayed", "Attempt: 1"),
        ("HuntgroupKey", "Key: 1"),
        ("HuntgroupKey", "Key: *"),
        ("HuntgroupCalledBack", "Attempt: 1", "Status: BUSY"),
        ("HuntgroupMessage", "Number: +48221234567", "Mailbox: sales", "Seconds: 3", "File: /var/spool/x"),
        ("HuntgroupMessage", "Number: ", "Mailbox: \x07", "Seconds: x", "File: \x07"),
        ("SomebodyElses", "Number: 1"),
    )
    return said(name, *fields, **about)


def _was_served(dice: Dice, _who: str, about: dict[str, str]) -> str:
    came = dice.one_of("1795282404.000", "", "x", "nan", "1e400", "-1", "9" * 400)
    return served(entry(dice.below(3), about["Uniqueid"], came=came, between=dice.one_of(",", " ")), **about)


_OF_CALLERS = (
    *(_waits, _waits, _dials, _dials, _dials, _dialled, _hangs_up, _hangs_up, _enters, _goes_out, _joins, _says),
    _was_served,
)


def _status(dice: Dice, who: str) -> str:
    about = _about(dice, who)
    if who == "v":
        return status("huntgroup-hold", number="+48221234567", order="(null)", **about)
    context = dice.one_of("huntgroup-hold", "huntgroup-offer", "huntgroup-fallback", "huntgroup-inbound", "elsewhere")
    is_dialled = context in {"huntgroup-inbound", "elsewhere"}
    exten = _mark(who, "exten") if is_dialled else dice.one_of("wait", "1", "2", "h", "s")
    order = dice.one_of("(null)", "1|huntgroup-offer|x", "x|", "")
    came = dice.one_of("(null)", "1795282404.000", "x", "nan", "1e999")
    bridge = dice.one_of("", "", f"bridge-{who}")
    number = dice.one_of("+48221234567", "(null)", "")
    text = status(context, exten, bridge=bridge, number=number, order=order, came=came, **about)
    return text.replace("DNID: 1", f"DNID: {_mark(who, 'exten')}")
