"""Bytes <-> messages of the Asterisk manager interface, on panoramisk with its faults closed.

Knows nothing of calls. What panoramisk 1.4 gets wrong and this corrects is named at each override; every one of them
was seen to happen and has its test.
"""

import asyncio
import itertools
import socket
import struct
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import structlog
from panoramisk import actions, message
from panoramisk.ami_protocol import AMIProtocol

from huntgroup.adapters.ami.genuine import SHAPES, has_a_channel, is_cut, is_genuine
from huntgroup.adapters.ami.pace import Pace
from huntgroup.errors import PeerError

log = structlog.get_logger(__name__)

GREETING = b"Asterisk Call Manager/"
END = b"\r\n\r\n"
MAX_MESSAGE = 1 << 20
"""Bytes that one message may have; a peer that sends more without an end is not speaking AMI."""
READ_MOST = 256 * 1024
"""Bytes that asyncio reads at once."""
MAX_LINE = 1000
"""Bytes of one line of an action: Asterisk throws away what has more than 1022 of them (seen on 16.28 and 22.10)."""
MAX_LOGGED = 500
"""Characters of a message from outside that one line of the log may show."""
REPEATABLE = frozenset({"variable", "output"})
"""What Asterisk itself says more than once in a message, as it does those with a bracket (``ChanVariable(…)``)."""
CHANNEL_VARIABLE = "chanvariable"
"""Ends the name of a header that Asterisk repeats for every variable in ``channelvars`` of manager.conf:
``ChanVariable``, and in events about two channels ``DestChanVariable`` (manager_channels.c, the same in 16 and 22). The
values come escaped."""
REPEATED = "\r\n"
"""What stands between the values of such a header: the one thing that can be in no value."""
EVENT, RESPONSE = b"Event: ", b"Response: "
BEHIND_A_CUT_MOST = 8
"""Messages that are not believed behind one that was cut early. A caller writes fewer in 79 bytes."""

Field = str | int | float | Sequence[str]
Received = Callable[["Message"], None]
OnRefused = Callable[["Refused"], None]


class Refused(NamedTuple):
    """A message that is not believed: something that Asterisk said was not heard."""

    reason: str
    text: str
    """As it came."""
    is_cut: bool = False
    """It ends before its end: what follows, up to its rest, may be a caller's."""


class UnsafeFieldError(ValueError):
    """A field that cannot be sent as it is: a line break would be a second action, and a long line is thrown away."""


class Message(message.Message):  # type: ignore[misc]
    """One message: headers without regard to case; as an attribute, "" for one that is not there."""

    is_whole = True
    """False for an item of a list of which only the name of its channel can be read."""

    def __init__(self, headers: dict[str, tuple[str, str]]) -> None:
        """``headers``: lower-case name to the name as it came and its value. The parent copies them one by one."""
        self._store = headers
        self.content = ""
        self.manager = None

    def __getattr__(self, name: str) -> str:
        """A header's value, or "": as in the parent, without its three detours."""
        found: tuple[str, str] | None = self._store.get(name.lower())
        return found[1] if found else ""

    @property
    def is_response(self) -> bool:
        """Whether it begins as one: OriginateResponse is an event, has a ``Response`` too, and is sent to everybody."""
        return next(iter(self._store), "") == "response"

    def put(self, name: str, value: str) -> None:
        """Have it say this."""
        self._store[name.lower()] = (name, value)

    @property
    def names(self) -> tuple[str, ...]:
        """The headers' names in lower case, in the order in which they came."""
        return tuple(self._store)


_numbers = itertools.count(1)
_prefix = f"huntgroup-{uuid.uuid4().hex[:12]}"
"""Asterisk tells every user of some actions of others, under their names: ours must be nobody else's."""


def _line(name: str, value: str | int | float) -> str:
    line = f"{name}: {value}"
    if "\n" in line or "\r" in line or "\0" in line:
        raise UnsafeFieldError(f"{name}: {value!r} has a line break or NUL in it")
    if len(line) * 4 > MAX_LINE and len(line.encode()) > MAX_LINE:
        raise UnsafeFieldError(f"{name}: {len(line)} characters are more than Asterisk reads in one line")
    return line


class SafeAction(actions.Action):  # type: ignore[misc]
    """One action and what came back for it.

    The parent guesses from the wording of the response whether more will follow, and waits for ever when it guesses
    wrong (QueueAdd) or fails (Originate without Async). Here a list is what says of itself ``EventList: start``, and
    it ends with ``EventList: Complete``.
    """

    def __init__(self, fields: Mapping[str, Field]) -> None:
        """``fields`` are the action's headers. Raises UnsafeFieldError for one that cannot be sent."""
        # The parent's own way here takes several times as long, and callers wait for it: each header is copied one by
        # one, sorted and joined again.
        self._store = {name.lower(): (name, value) for name, value in fields.items()}
        self._id = f"{_prefix}-{next(_numbers)}"
        self.as_list = None
        self.responses: list[Message] = []
        self.future = asyncio.get_running_loop().create_future()
        self.watch: Watch | None = None
        """From when it is sent."""
        lines = [
            _line(name, each)
            for name, value in fields.items()
            for each in ((value,) if isinstance(value, str | int | float) else value)
        ]
        lines.append(f"ActionID: {self._id}\r\n\r\n")
        self.wire = "\r\n".join(lines).encode()
        """The action as it is sent."""

    @property
    def id(self) -> str:
        """What its answers name; never used twice."""
        return self._id

    def __str__(self) -> str:
        return self.wire.decode()

    def add_message(self, message: Message) -> bool:
        """Take what answers this action, see `Wire`; True when it was the last."""
        self.responses.append(message)
        is_answer = message.is_response
        # Where Asterisk puts them (astman_send_listack, astman_send_list_complete_start): an item of the list may hold
        # a caller's words "EventList: Complete" or "Response: Success", and they end no list.
        phase = message.eventlist.lower() if is_answer or message.names[1:3] == ("actionid", "eventlist") else ""
        if phase == "start" or (not is_answer and phase not in {"complete", "cancelled"}):
            return False
        if not self.future.done():
            self.future.set_result(list(self.responses))
        return True

    @property
    def is_complete(self) -> bool:
        """Whether a list has as many items as its end says. Lists of some modules do not say."""
        says = self.responses[-1].listitems if self.responses else ""
        return not says.isdecimal() or int(says) == len(self.responses) - 2

    def fail(self, error: PeerError) -> None:
        """End the wait of whoever asked."""
        if not self.future.done():
            self.future.set_exception(error)


class Watch:
    """The one timer of actions that were sent together; it ends with the last answer to them: left to run out it woke
    the daemon once more for every order, seconds later."""

    def __init__(self, actions: Sequence[SafeAction], timer: asyncio.TimerHandle) -> None:
        self._unanswered = len(actions)
        self._timer = timer
        for action in actions:
            action.watch = self

    def answered(self) -> None:
        """One of them has."""
        self._unanswered -= 1
        if not self._unanswered:
            self._timer.cancel()


class Wire(AMIProtocol):  # type: ignore[misc]
    """One connection. Messages go to ``received``, what is not believed to ``refused``, the end of it to ``lost``.

    What answers an action is known by the place of its ActionID, which nobody but Asterisk can know: in a response and
    at the end of a list it is the second header, in an item of a list the second or the last one (manager.c of 16 and
    22). Asterisk writes a list without anything in between: each session has one thread, and sends its events only
    between two actions. So an item is all that stands up to its ActionID, whatever a caller has written into it.
    """

    def __init__(
        self,
        received: Received,
        lost: Callable[[], None],
        peer: str,
        pace: Pace | None = None,
        *,
        refused: OnRefused | None = None,
    ) -> None:
        """``pace`` says when it is left alone for a moment; without one it is always read at once. Without ``refused``
        what is not believed is logged."""
        self._received = received
        self._lost = lost
        self._refused = refused or self._log_refused
        self._listing: SafeAction | None = None
        """The list that is being sent."""
        self._parts: list[bytes | bytearray] = []
        """What came of its next item."""
        self._behind_a_cut = 0
        """So many messages more are not believed, unless the rest of the one that was cut comes before."""
        self._peer = peer
        self._buffer = bytearray()
        self._pending: dict[str, SafeAction] = {}
        self._is_greeted = False
        self._pace = pace
        self._events = 0
        """Since the last look at their rate."""
        self._resting: asyncio.TimerHandle | None = None
        self._urgent = 0
        """Actions whose answers are waited for."""
        self.is_open = False
        self.why_lost = "the AMI link broke"
        """In words, once it is lost."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        super().connection_made(transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Split on bytes and decode afterwards: the parent decodes each chunk and loses a character cut in two."""
        buffer = self._buffer
        begin = max(0, len(buffer) - len(END) + 1)
        buffer += data
        if not self._is_greeted:
            if not self._greeted():
                return
            begin = 0
        if buffer.find(END, begin) >= 0:
            *whole, self._buffer = buffer.split(END)
            for raw in whole:
                self._take(raw)
            if len(data) < READ_MOST:  # or else there is more
                self._rest()
        if len(self._buffer) > MAX_MESSAGE:
            self.give_up(f"a message of more than {MAX_MESSAGE} bytes")

    def _rest(self) -> None:
        """Leave a busy link alone for a moment. What answers an action is not counted: a survey is no such load."""
        if self._pace is None:
            return
        events, self._events = self._events, 0
        rest = self._pace.rest(events)
        if rest and self.is_open and not self._urgent:
            self.transport.pause_reading()
            self._resting = asyncio.get_running_loop().call_later(rest, self._look)

    def _look(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
            self.transport.resume_reading()

    def hurry(self, action: SafeAction) -> None:
        """Read whatever comes at once, until this one was answered: somebody waits for what came before."""
        self._urgent += 1
        action.future.add_done_callback(self._has_hurried)
        self._look()

    def _has_hurried(self, _answered: object) -> None:
        self._urgent -= 1

    def _greeted(self) -> bool:
        """Whether the peer has begun as Asterisk does; hangs up on one that begins in another way."""
        begun = bytes(self._buffer[: len(GREETING)])
        if not GREETING.startswith(begun):
            self.give_up(f"no AMI is spoken there: it begins with {begun!r}")
            return False
        end = self._buffer.find(b"\r\n")
        if end < 0 and len(self._buffer) > MAX_LINE:
            self.give_up("a greeting without an end")
        self._is_greeted = begun == GREETING and end >= 0
        if self._is_greeted:
            del self._buffer[: end + 2]
        return self._is_greeted

    def _take(self, raw: bytes | bytearray) -> None:
        """One message, or a part of one."""
        if self._listing is not None and self._listing.id not in self._pending:  # nobody waits for it any more
            self._listing, self._parts = None, []
        if self._listing is None:
            self._take_single(raw)
        else:
            self._take_of_a_list(self._listing, raw)

    def _take_single(self, raw: bytes | bytearray) -> None:
        found = read(raw)
        believed = self._believed(found, raw) if isinstance(found, Message) else found
        if self._behind_a_cut and not (isinstance(believed, Message) and believed.is_response):
            self._behind_a_cut = 0 if _is_the_rest(raw, believed) else self._behind_a_cut - 1
            text = raw.decode("utf-8", "replace")
            self._refused(Refused("within a message that was cut", text))
        elif isinstance(believed, Message):
            self._behind_a_cut = 0
            self.handle_message(believed)
        elif believed is not None:
            self._behind_a_cut = BEHIND_A_CUT_MOST if believed.is_cut else 0
            self._refused(believed)

    def _believed(self, message: Message, raw: bytes | bytearray) -> "Message | Refused | None":
        """The message if it is Asterisk's own; None: it may be, and means nothing to us."""
        if message.is_response:
            if message.names[1:2] == ("actionid",):
                return message
            return Refused("an answer to nothing that was asked", raw.decode("utf-8", "replace"))
        if message.event not in SHAPES:
            return message
        if not has_a_channel(message):
            return None
        if is_genuine(message):
            return message
        text = raw.decode("utf-8", "replace")
        return Refused("not as Asterisk writes it", text, is_cut=is_cut(message.event, message.names))

    def _take_of_a_list(self, action: SafeAction, raw: bytes | bytearray) -> None:
        """A part of a list: of an item, which ends with its ActionID or has it in the second place, or the end."""
        own = f"ActionID: {action.id}".encode()
        first, _, rest = bytes(raw).partition(b"\r\n")
        has_it_second = first.startswith(EVENT) and (rest == own or rest.startswith(own + b"\r\n"))
        if not has_it_second and not raw.endswith(b"\r\n" + own):
            self._parts.append(raw)
            if sum(map(len, self._parts)) > MAX_MESSAGE:
                self.give_up(f"an item of a list of more than {MAX_MESSAGE} bytes")
            return
        parts, self._parts = [*self._parts, raw], []
        found = read(raw)
        is_item = isinstance(found, Message) and (
            has_it_second
            or (found.event in SHAPES and is_genuine(found))
            or (len(parts) == 1 and found.event not in SHAPES)
        )
        if not is_item:
            found = _hidden(parts)
            parts = [raw]
        for each in parts[:-1]:  # nothing of Asterisk's comes in between, but that is theirs to say
            self._take_single(each)
        if isinstance(found, Message):
            self._answers(action, found)

    def handle_message(self, message: Message) -> None:
        """Give a message to the action that it answers, or else to ``received``.

        A receiver that raises costs its own message and nothing else; in the parent it closed the connection.
        """
        if not self.is_open:
            return
        if message.is_response:
            action = self._pending.get(message.actionid)
            if action is not None:
                self._answers(action, message)
            return
        try:
            self._events += 1
            self._received(message)
        except Exception:
            log.exception("ami.message_not_handled", peer=self._peer, message=shown(message))

    def _answers(self, action: SafeAction, message: Message) -> None:
        is_list = action is self._listing
        if action.add_message(message):
            self._pending.pop(action.id, None)
            self._listing = None if is_list else self._listing
            if action.watch is not None:
                action.watch.answered()
        elif message.eventlist.lower() == "start":
            self._listing, self._parts = action, []

    def _log_refused(self, refused: Refused) -> None:
        log.warning("ami.message_refused", peer=self._peer, reason=refused.reason, text=refused.text[:MAX_LOGGED])

    def send_actions(self, batch: Sequence[SafeAction], timeout: float) -> None:
        """Write all of them at once. Each future gets its messages, or a PeerError after ``timeout`` seconds."""
        if not self.is_open:
            for action in batch:
                action.fail(PeerError(self._peer, f"{self.why_lost} before {action['action']}"))
            return
        self.transport.write(b"".join([action.wire for action in batch]))
        for action in batch:
            self._pending[action.id] = action
        Watch(batch, asyncio.get_running_loop().call_later(timeout, self._time_out, batch, timeout))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what was under way. The parent would send it again on the next connection: a Redirect ran twice."""
        if not self.is_open:
            return
        self.is_open = False
        if exc is not None:
            self.why_lost = f"{self.why_lost} ({exc})"
        pending, self._pending = self._pending, {}
        for action in pending.values():
            action.fail(PeerError(self._peer, f"{self.why_lost} during {action['action']}"))
        self._lost()

    def close(self) -> None:
        """Hang up on the peer now. The futures of what was under way fail.

        By a reset: behind a mere close the kernel would go on to deliver what a dead link had not taken, and an order
        from before would be carried out when the link is mended, on a call that is in conversation by then.
        """
        if self.is_open:
            connection = self.transport.get_extra_info("socket")
            if connection is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
            self.connection_lost(None)

    def give_up(self, why: str) -> None:
        """Hang up on a peer that does what Asterisk does not."""
        self.why_lost = why
        log.error("ami.peer_not_understood", peer=self._peer, reason=why)
        self.close()

    def _time_out(self, batch: Sequence[SafeAction], timeout: float) -> None:
        """An answer that is there already beats its own timeout: what a link left alone holds is read first."""
        self._look()
        asyncio.get_running_loop().call_later(0, self._give_up_on, batch, timeout)

    def _give_up_on(self, batch: Sequence[SafeAction], timeout: float) -> None:
        for action in batch:
            if self._pending.pop(action.id, None) is not None:
                action.fail(PeerError(self._peer, f"no answer to {action['action']} within {timeout:g} s"))


def read(raw: bytes | bytearray) -> Message | Refused | None:
    """One message from its bytes, or why it cannot be trusted; None for none at all, and for one that nobody reads.

    A header that is there twice is no work of Asterisk's: somebody got a line break into a value. The parent took such
    a message to pieces with an exception, and missed one whose second header is written in other letters (``event``).
    Of a response the first one holds: what comes from elsewhere stands behind all that Asterisk says in it. And what
    begins otherwise than Asterisk's messages do is the rest of one that somebody's empty line cut in two.
    """
    headers: dict[str, tuple[str, str]] = {}
    is_response = raw.startswith(RESPONSE)
    if not is_response and not raw.startswith(EVENT):
        text = raw.decode("utf-8", "replace")
        return Refused("the rest of a message that was cut", text) if text.strip() else None
    text = raw.decode("utf-8", "replace")
    for line in text.split("\r\n"):
        name, colon, value = line.partition(": ")
        key = name.lower()
        if not colon:
            continue
        if key not in headers:
            headers[key] = (name, value)
        elif key in REPEATABLE or "(" in key or key.endswith(CHANNEL_VARIABLE):
            headers[key] = (name, headers[key][1] + REPEATED + value)
        elif not is_response:
            event = headers["event"][1]
            names = [each.partition(": ")[0].lower() for each in text.split("\r\n")]
            return Refused(f"doubled {name}", text, is_cut=is_cut(event, names)) if event in SHAPES else None
    if is_response and "value" in headers:
        headers["value"] = ("Value", text.partition("\r\nValue: ")[2])
    return Message(headers)


def parse(raw: bytes | bytearray) -> Message | None:
    """The message, if there is one that can be trusted."""
    found = read(raw)
    return found if isinstance(found, Message) else None


def _is_the_rest(raw: bytes | bytearray, believed: Message | Refused | None) -> bool:
    """Whether this ends a message that was cut. Asterisk's rest has the channel's Linkedid: no text of a caller's is
    written behind that, but in what makes no event incomplete."""
    return not isinstance(believed, Message) and b"Linkedid: " in raw


def _hidden(parts: Iterable[bytes | bytearray]) -> Message:
    """An item of Status into which somebody has written: Asterisk begins it with the name of the channel."""
    lines = END.join(bytes(each) for each in parts).decode("utf-8", "replace").split("\r\n")
    channel = lines[2].removeprefix("Channel: ") if len(lines) > 2 else ""
    hidden = Message({"event": ("Event", lines[0].removeprefix("Event: ")), "channel": ("Channel", channel)})
    hidden.is_whole = False
    hidden.content = "\r\n".join(lines)
    return hidden


def shown(message: Message) -> str:
    """A message as it may stand in a log."""
    return repr(dict(message))[:MAX_LOGGED]
