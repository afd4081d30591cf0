"""The link to one Asterisk: logs in, asks what is there, beats, carries out orders, comes back when it breaks."""

import asyncio
import contextlib
import random
import uuid
from collections.abc import Callable, Iterable
from functools import partial

import structlog

from huntgroup.adapters.ami import across, codes, fallback, hidden, kept, resync, served
from huntgroup.adapters.ami.asking import Asking, ping
from huntgroup.adapters.ami.calls import OpenCall
from huntgroup.adapters.ami.directory import Directory, is_elsewhere
from huntgroup.adapters.ami.joining import Joining
from huntgroup.adapters.ami.lamps import Lamps
from huntgroup.adapters.ami.orders import joiner
from huntgroup.adapters.ami.pace import Pace
from huntgroup.adapters.ami.publishing import Publishing
from huntgroup.adapters.ami.sending import ACTION_TIMEOUT, Put, Sender
from huntgroup.adapters.ami.standpoint import Standpoint
from huntgroup.adapters.ami.survey import Survey
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.ami.unheard import Unheard, Wanted
from huntgroup.adapters.ami.wire import Message, Wire
from huntgroup.adapters.clock import Clock
from huntgroup.engine.effects import Answered, JoinRinging, OperatorChanged, Order, PickUpCall, Tidings
from huntgroup.engine.events import Event, FallbackServed, MessageLeft, PbxFound, PbxLost
from huntgroup.engine.ids import InquiryId, PbxId, PhoneId, RequestId
from huntgroup.engine.policy import Policy
from huntgroup.errors import PeerError, PeerRefused
from huntgroup.settings import Pbx, Telephony

log = structlog.get_logger(__name__)

BOOT_TIMEOUT = 5.0
"""Seconds to wait for FullyBooted, which comes with the login when Asterisk is up. An AMI user without read = system
never gets it, so its absence is no reason to leave callers alone."""
BEAT_INTERVAL = 1.0
PING_TIMEOUT = 3.0
"""A peer that does not answer a ping for so long is gone, whatever TCP believes."""
FAREWELL_TIMEOUT = 1.0
"""A peer that is gone must not hold up our own end."""
BACKOFF_FIRST = 0.2
BACKOFF_MOST = 5.0
"""Seconds before a new try, give or take half of it, so that many clients do not come back at the same instant."""
FILTERS_HINT = "take the eventfilter lines that begin with ! out of manager.conf: what they keep back goes unheard"
LOOK_TIMEOUT = 2.0
"""A look is no reason to let the beat wait."""
BUFFER_MOST = 50_000
"""Messages that may wait for the end of a resync."""


def phones_of(policy: Policy) -> tuple[PhoneId, ...]:
    """Every phone of a PBX that may be rung."""
    every = (phone for operator in policy.operators.values() for phone in operator.phones)
    return tuple(phone for phone in every if not is_elsewhere(phone))


class AmiClient:
    """One PBX. ``put`` takes each event with its instant; events come only from within the loop's own callbacks."""

    def __init__(  # noqa: PLR0913 - what joins it to the rest of the house
        self,
        pbx: Pbx,
        policy: Policy,
        put: Put,
        clock: Clock,
        *,
        directory: Directory | None = None,
        telephony: Telephony | None = None,
        crossings: across.Crossings | None = None,
    ) -> None:
        """``crossings`` is what the links to several PBXs share."""
        self._pbx = pbx
        self._standpoint = Standpoint(PbxId(pbx.id), is_first=pbx.id == policy.pbx)
        policy = self._policy = self._standpoint.policy(policy)
        self._tell_engine = put
        put = self._put
        self._clock = clock
        self._phones = phones_of(policy)
        sender = self._sender = Sender(pbx.id, self, put, clock)
        self._joining = Joining(sender.send)
        crossings = crossings or across.Crossings()
        arrivals = self._arrivals = across.Arrivals(PbxId(pbx.id), policy, crossings)
        translator = self._translator = Translator(
            PbxId(pbx.id), self._phones, directory, self._joining, crossings=crossings, arrivals=arrivals
        )
        prefix = self._standpoint.prefix
        self._codes = codes.Codes(
            telephony or Telephony(),
            policy,
            sender.send,
            translator.phone_of,
            self._ringing_legs,
            prefix=prefix,
            pbx=pbx.id,
        )
        translator.on_code = self._codes.dialled
        self._lamps = Lamps(policy)
        self._asking = Asking(pbx)
        self._publishing = Publishing(PbxId(pbx.id), self._asking, self._codes)
        self._survey = Survey(PbxId(pbx.id), self._asking, translator)
        self._unheard = Unheard(pbx.id, clock.going, translator.orders_sent)
        self._is_reconfigured = False
        self._unasked: dict[PhoneId, None] = {}
        """Phones that are new since the PBX was asked for their states."""
        self._buffer: list[Message] | None = None
        self._booted = asyncio.Event()
        self._lost = asyncio.Event()
        self._is_live = False
        self._is_closing = False
        self._unsafe_messages: set[InquiryId] = set()
        """Told of, and not written down yet."""
        self._alive_until = 0.0
        """Until when the dialplan counts on us, on our clock."""

    def remember(self, calls: Iterable[OpenCall], entries_read: int = 0) -> None:
        """Before `run`: what the engine has open here, and the last entry that it read of what the PBX kept."""
        self._translator.remember(map(self._standpoint.open_call, calls))
        self._translator.entries_read = entries_read

    # -- the life of the link -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the link up until closed or cancelled; whoever cancels calls `close` then, which bids the PBX farewell.

        Raises PeerRefused when the PBX turns the daemon away for good.
        """
        backoff = BACKOFF_FIRST
        try:
            while not self._is_closing:
                error = await self._until_lost()
                was_live = self._end_session()
                if self._is_closing:
                    return
                backoff = BACKOFF_FIRST if was_live else min(backoff * 2, BACKOFF_MOST)
                delay = backoff * random.uniform(0.5, 1.5)
                log.warning("pbx.lost", pbx=self._pbx.id, error=str(error) or repr(error), retry_in=round(delay, 3))
                await asyncio.sleep(delay)
        finally:
            if not self._is_live:
                self._end_session()

    def reconfigure(self, policy: Policy, directory: Directory, telephony: Telephony) -> None:
        """Other operators, phones or numbers from now on; the PBX hears of it, and is asked, with the next beat."""
        policy = self._policy = self._standpoint.policy(policy)
        self._arrivals.reconfigure(policy)
        self._translator.directory = directory
        self._unasked |= dict.fromkeys(each for each in phones_of(policy) if each not in self._phones)
        self._phones = phones_of(policy)
        self._translator.follow(self._phones)
        self._codes.reconfigure(telephony, policy)
        self._lamps.reconfigure(policy)
        self._is_reconfigured = True

    async def close(self) -> None:
        """Tell the dialplan that it is on its own now, and hang up the link for good."""
        self._is_closing = True
        try:
            if self._is_live:
                await self._asking.done([fallback.farewell()], FAREWELL_TIMEOUT)
        except PeerError as error:
            log.warning("pbx.farewell_failed", pbx=self._pbx.id, error=str(error))
        finally:
            self._end_session()

    async def _until_lost(self) -> Exception:
        """One session; what ended it, where trying again makes sense."""
        try:
            await self._session()
        except PeerRefused:
            raise
        except (PeerError, OSError) as error:
            return error
        return PeerError(self._pbx.id, self.wire.why_lost if self.wire else "closed")

    async def _session(self) -> None:
        await self._connect()
        await self._asking.log_in()
        await self._wait_booted()
        await self._resync()
        await self._look_for_filters()
        await self._beat_until_lost()

    async def _connect(self) -> None:
        self._booted.clear()
        self._lost.clear()
        self._buffer = []
        self._unheard.forget()
        # Held before it is connected, so that a cancelled connect leaves no socket behind.
        wire = self._asking.wire = Wire(
            self._received, self._link_lost, self._pbx.id, Pace(self._clock.going), refused=self._unheard.note
        )
        try:
            async with asyncio.timeout(ACTION_TIMEOUT):
                await asyncio.get_running_loop().create_connection(lambda: wire, self._pbx.host, self._pbx.port)
        except TimeoutError:
            raise PeerError(self._pbx.id, f"no connection within {ACTION_TIMEOUT:g} s") from None

    def _link_lost(self) -> None:
        self._lost.set()
        self._booted.set()  # who waits for it learns that it is in vain

    def _end_session(self) -> bool:
        was_live, self._is_live = self._is_live, False
        self._buffer = None
        self._codes.forget()
        self._joining.link_lost()
        if self.wire is not None:
            self.wire.close()
            self._asking.wire = None
        if was_live:
            self._put(PbxLost(pbx=PbxId(self._pbx.id)), self._clock.now())
        return was_live

    async def _wait_booted(self) -> None:
        try:
            async with asyncio.timeout(BOOT_TIMEOUT):
                await self._booted.wait()
        except TimeoutError:
            log.warning(
                "pbx.boot_not_seen", pbx=self._pbx.id, waited=BOOT_TIMEOUT, hint="the AMI user has no read = system"
            )

    async def _resync(self) -> None:
        """Events that come meanwhile wait in the buffer, and are read after what was found. Nobody is rung before that
        is told, or a call that was answered meanwhile would be sent on."""
        survey = self._survey
        self._is_reconfigured = False  # what is told from here on is asked for anew below, or with the next beat
        self._unasked.clear()
        states = await survey.phone_states(self._phones)
        channels = await self._asking.channels(resync.VARIABLES)
        heard_before = len(self._buffer or ())
        await self._compare_clocks()
        entries = await survey.entries()
        await self._publish()
        messages = await survey.kept_messages()
        begun = self._clock.going()
        # Along with the first beat: who waits and finds none is served by the dialplan, although we are there.
        beat = fallback.beat(self._clock.now() - self._translator.clock_ahead)
        await self._asking.done([fallback.setvar(fallback.SESSION, uuid.uuid4().hex[:12]), beat])

        # From here on nothing can fail: what is found is told as well.
        self._is_live = True
        now = self._clock.now()
        self._alive_until = begun + fallback.ALIVE_SECONDS
        read, over = self._translator.entries_read, survey.served(entries)
        found = resync.reconcile(channels, self._translator, over.values())
        self._clean(each for each in channels if not each.is_whole)
        buffered, self._buffer = self._buffer or [], None
        since = resync.not_overtaken(buffered, heard_before, self._translator)
        meanwhile = [event for message in since for event in self._translator.translate(message)]
        before, after = resync.around_found(found, meanwhile)
        for event in states:
            self._put(event, now)
        self._unsafe_messages.update(each.message for each in messages)
        for message in messages:  # before it is told that their callers are gone
            self._tell(message, now)
        for event in (*over, *before, PbxFound(pbx=PbxId(self._pbx.id)), *after):
            self._tell(event, now)
        for repair in found.repairs:
            log.info("pbx.repaired", pbx=self._pbx.id, **repair._asdict())
        fresh = served.fresh(read, [each.entry for each in over])
        log.info("pbx.found", pbx=self._pbx.id, phones=len(states), repaired=len(found.repairs), served=fresh)

    async def _compare_clocks(self, within: float | None = None) -> float:
        pbx_time = await self._asking.time(within)
        self._translator.clock_ahead = self._clock.now() - pbx_time
        return pbx_time

    async def _publish(self) -> None:
        await self._publishing.publish(self._policy, self._translator.directory)
        self._sender.send(self._lamps.all())
        await self._publishing.check_privileges(self._policy)

    def _is_safe(self, event: MessageLeft) -> None:
        """Say to the dialplan, which keeps the message until then, that we have it. The resync finds what gets lost."""
        self._unsafe_messages.discard(event.message)
        uniqueid = event.inquiry.removeprefix(f"call-{self._pbx.id}-")
        self._sender.send(kept.forget(uniqueid, is_last=not self._unsafe_messages))

    def _is_on_record(self, entry: int) -> None:
        """Have the PBX forget a call that it served by itself: what is kept of it says who called. One that cannot be
        told now is told after the next resync, if it is among those that are read again."""
        text = self._translator.entries_kept.pop(entry, "")
        if self.live() is not None:
            self._sender.send(served.forget(entry, text))

    async def _take_over_configuration(self) -> None:
        self._is_reconfigured = False
        await self._publish()
        # Only of those that are new: of the others the PBX has told, and would be overtaken by an answer from before.
        unasked, self._unasked = self._unasked, {}
        now = self._clock.now()
        for event in await self._survey.phone_states(unasked):
            self._put(event, now)

    async def _beat_until_lost(self) -> None:
        while not self._is_closing and not self._look_anew_if_we_stood_still():
            begun = self._clock.going()
            pbx_time = await self._compare_clocks(PING_TIMEOUT)
            if self._is_closing:
                break  # no beat may follow the farewell
            await self._asking.done([fallback.beat(pbx_time)], PING_TIMEOUT)
            self._alive_until = begun + fallback.ALIVE_SECONDS
            if self._is_reconfigured:
                await self._take_over_configuration()
            wanted = self._unheard.due()
            if wanted is not None:
                await self._look(wanted)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_INTERVAL):
                    await self._lost.wait()
            if self._lost.is_set():
                return
        await self._lost.wait()

    def _clean(self, channels: Iterable[Message]) -> None:
        """Before anything is ordered for them."""
        for each in channels:
            if resync.concerns_us(each, self._translator):
                self._sender.send(hidden.cleaning(each))

    async def _look_for_filters(self) -> None:
        self._unheard.has_filters = await self._survey.has_filters(self._pbx.username, PING_TIMEOUT)
        if self._unheard.has_filters:
            log.warning("pbx.events_kept_back", pbx=self._pbx.id, hint=FILTERS_HINT)

    async def _look(self, wanted: Wanted) -> None:
        """See what is really there of what was not heard, and tell it. What is heard meanwhile is told as ever."""
        try:
            channels = await self._asking.channels(resync.VARIABLES, LOOK_TIMEOUT)
        except PeerError as error:
            log.warning("pbx.look_failed", pbx=self._pbx.id, error=str(error))
            self._unheard.again(wanted)
            return
        if self.live() is None:
            return
        now = self._clock.now()
        self._clean(
            each for each in channels if wanted.mentions(each["uniqueid"], each["channel"]) or not each.is_whole
        )
        found = resync.look(channels, self._translator, wanted, now)
        for event in found.events:
            self._tell(event, now)
        for repair in found.repairs:
            log.info("pbx.repaired", pbx=self._pbx.id, **repair._asdict())
        self._unheard.looked(found=bool(found.repairs))
        if not found.is_settled:
            self._unheard.again(wanted)

    # -- events in ------------------------------------------------------------------------------------------------

    def _received(self, message: Message) -> None:
        now = self._clock.now()
        if message.event == "FullyBooted":
            self._booted.set()
        elif self._buffer is None:
            if not self._look_anew_if_we_stood_still():
                self._translate(message, now)
        elif len(self._buffer) < BUFFER_MOST:
            self._buffer.append(message)
        elif self.wire is not None:
            self.wire.give_up(f"more than {BUFFER_MOST} events during the resync")

    def _look_anew_if_we_stood_still(self) -> bool:
        """Without a beat of ours for so long the dialplan has served callers by itself. What is heard now is old, and
        to decide by it would cost a conversation: the link ends here, and the resync tells what is really there."""
        if not self._is_live or self.wire is None or self._clock.going() <= self._alive_until:
            return False
        self._lose(self.wire, f"no beat for {fallback.ALIVE_SECONDS:g} s: we stood still")
        return True

    def _lose(self, wire: Wire, why: str) -> None:
        """The link ends here, and it is told before anything else is."""
        wire.why_lost = why
        self._lost.set()
        self._is_live = False
        wire.close()
        self._put(PbxLost(pbx=PbxId(self._pbx.id)), self._clock.now())

    def catch_up(self, done: Callable[[], None]) -> None:
        """Call back once everything was told that happened at the PBX before now, or that the link is lost.

        Asterisk answers behind the events that it has for us; without an answer nobody knows what they would be.
        """
        wire = self.wire
        if wire is None or not self._is_live or not wire.is_open:
            done()
            return
        asked = ping()
        wire.send_actions([asked], PING_TIMEOUT)
        wire.hurry(asked)

        def answered(future: "asyncio.Future[list[Message]]") -> None:
            if not future.cancelled() and future.exception() is not None and self.wire is wire and self._is_live:
                self._lose(wire, str(future.exception()))
            done()

        asked.future.add_done_callback(answered)

    def _translate(self, message: Message, at: float) -> None:
        for event in self._translator.translate(message):
            self._tell(event, at)

    def _tell(self, event: Event, at: float) -> None:
        if isinstance(event, MessageLeft):
            self._unsafe_messages.add(event.message)
            self._put(event, at, partial(self._is_safe, event))
        elif isinstance(event, FallbackServed):
            self._put(event, at, partial(self._is_on_record, event.entry))
        else:
            self._put(event, at)

    # -- orders out -----------------------------------------------------------------------------------------------

    def carry_out(self, order: Order) -> None:
        """Send what the order needs, now or never. What comes of it returns as an event; a failure does too."""
        order = self._standpoint.ordered(order)
        is_about_a_phone = isinstance(order, PickUpCall | JoinRinging)
        if is_about_a_phone and self.live() is None:
            self._sender.failed(order, "the AMI link is down")
        elif isinstance(order, PickUpCall):
            self._codes.pick_up(order)
        elif isinstance(order, JoinRinging):
            self._joining.join(order.inquiry, order.attempt, joiner(order, self._translator))
        else:
            self._sender.carry_out(order, self._translator)

    def has_asked(self, request: RequestId) -> bool:
        """Whether somebody waits at a phone of this PBX for what comes of a request."""
        return self._codes.has_asked(request)

    def _ringing_legs(self, inquiry: InquiryId) -> list[tuple[PhoneId, str]]:
        return [*self._translator.ringing_legs(inquiry), *self._arrivals.ringing_legs(inquiry)]

    def _put(self, event: Event, at: float, then: Callable[[], None] | None = None) -> None:
        self._tell_engine(self._standpoint.told(event), at, then)

    def tell(self, tidings: Tidings) -> None:
        """Take what concerns a phone: the answer to a code that was dialled there, or a lamp that changes."""
        match tidings:
            case Answered():
                self._codes.answered(tidings)
            case OperatorChanged():
                self._sender.send(self._lamps.told(tidings))

    @property
    def wire(self) -> Wire | None:
        """What there is of the link."""
        return self._asking.wire

    def live(self) -> Wire | None:
        """The link, once what is really there is known."""
        self._look_anew_if_we_stood_still()
        wire = self.wire
        return wire if self._is_live and wire is not None and wire.is_open else None
