"""The link to one Asterisk: logs in, asks what is there, beats, carries out orders, comes back when it breaks."""

import asyncio
import hashlib
import random
import uuid
from collections.abc import Callable, Sequence

import structlog
from panoramisk.message import Message

from huntgroup.adapters.ami import fallback, resync
from huntgroup.adapters.ami.orders import actions_for
from huntgroup.adapters.ami.translate import Translator, phone_state
from huntgroup.adapters.ami.wire import SafeAction, Wire
from huntgroup.adapters.clock import Clock
from huntgroup.engine.effects import Order, RingPhones
from huntgroup.engine.events import AttemptFailed, Event, PbxFound, PbxLost
from huntgroup.engine.ids import PbxId
from huntgroup.engine.policy import Policy
from huntgroup.errors import PeerError, PeerRefused
from huntgroup.settings import Pbx

log = structlog.get_logger(__name__)

ACTION_TIMEOUT = 5.0
BOOT_TIMEOUT = 5.0
"""Seconds to wait for FullyBooted, which comes with the login when Asterisk is up. An AMI user without read = system
never gets it, so its absence is no reason to leave callers alone."""
BEAT_INTERVAL = 1.0
PING_TIMEOUT = 3.0
"""A peer that does not answer a ping for so long is gone, whatever TCP believes."""
BACKOFF_FIRST = 0.2
BACKOFF_MOST = 5.0

Put = Callable[[Event, float], None]


class AmiClient:
    """One PBX. ``put`` takes each event with its instant; events come only from within the loop's own callbacks."""

    def __init__(self, pbx: Pbx, policy: Policy, put: Put, clock: Clock) -> None:
        self._pbx = pbx
        self._policy = policy
        self._put = put
        self._clock = clock
        self._phones = tuple(phone for operator in policy.operators.values() for phone in operator.phones)
        self._translator = Translator(PbxId(pbx.id), self._phones)
        self._wire: Wire | None = None
        self._buffer: list[tuple[Message, float]] | None = None
        self._booted = asyncio.Event()
        self._lost = asyncio.Event()
        self._is_live = False

    # -- the life of the link -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the link up until cancelled. Raises PeerRefused when the PBX turns the daemon away for good."""
        backoff = BACKOFF_FIRST
        while True:
            try:
                await self._session()
            except PeerRefused:
                raise
            except (PeerError, OSError, TimeoutError) as error:
                was_live = self._end_session()
                backoff = BACKOFF_FIRST if was_live else min(backoff * 2, BACKOFF_MOST)
                delay = backoff * random.uniform(0.5, 1.5)
                log.warning("pbx.lost", pbx=self._pbx.id, error=str(error) or repr(error), retry_in=round(delay, 2))
                await asyncio.sleep(delay)

    async def close(self) -> None:
        """Tell the dialplan that it is on its own now, and hang up the link."""
        if self._wire is not None and self._is_live:
            try:
                await self._ask(fallback.farewell())
            except PeerError as error:
                log.warning("pbx.farewell_failed", pbx=self._pbx.id, error=str(error))
        self._end_session()

    async def _session(self) -> None:
        loop = asyncio.get_running_loop()
        self._booted.clear()
        self._lost.clear()
        self._buffer = []
        async with asyncio.timeout(ACTION_TIMEOUT):
            _, self._wire = await loop.create_connection(
                lambda: Wire(self._received, lambda _: self._lost.set(), self._pbx.id),
                self._pbx.host,
                self._pbx.port,
            )
        await self._login()
        await self._wait_booted()
        await self._resync()
        await self._beat_until_lost()

    def _end_session(self) -> bool:
        was_live, self._is_live = self._is_live, False
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        if was_live:
            self._put(PbxLost(pbx=PbxId(self._pbx.id)), self._clock.now())
        return was_live

    async def _login(self) -> None:
        """By challenge, so that the secret itself is never on the wire."""
        challenge = await self._ask(SafeAction({"Action": "Challenge", "AuthType": "MD5"}))
        key = hashlib.md5((challenge.challenge + self._pbx.read_secret()).encode(), usedforsecurity=False).hexdigest()
        answer = await self._ask(
            SafeAction({"Action": "Login", "AuthType": "MD5", "Username": self._pbx.username, "Key": key})
        )
        if not answer.success:
            raise PeerRefused(self._pbx.id, f"the login of {self._pbx.username!r} was refused: {answer.message}")

    async def _wait_booted(self) -> None:
        booted = asyncio.ensure_future(self._booted.wait())
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait((booted, lost), return_when=asyncio.FIRST_COMPLETED, timeout=BOOT_TIMEOUT)
        finally:
            booted.cancel()
            lost.cancel()
        if self._lost.is_set():
            raise PeerError(self._pbx.id, "the AMI link was closed before Asterisk had booted")
        if not self._booted.is_set():
            log.warning(
                "pbx.boot_not_seen", pbx=self._pbx.id, waited=BOOT_TIMEOUT, hint="the AMI user has no read = system"
            )

    async def _resync(self) -> None:
        """Events that come meanwhile wait in the buffer, and are read after what was found."""
        states = [SafeAction({"Action": "Getvar", "Variable": f"DEVICE_STATE({phone})"}) for phone in self._phones]
        found: list[Event] = []
        for phone, answer in zip(self._phones, await self._ask_all(states), strict=True):
            found.append(phone_state(phone, answer[0].value or "UNKNOWN"))
        shown = await self._ask_list(resync.status_action())
        repaired = resync.reconcile(shown, self._translator)
        await self._ask_all(fallback.publish(self._policy))
        await self._ask(fallback.setvar(fallback.SESSION, uuid.uuid4().hex[:12]))

        self._is_live = True
        now = self._clock.now()
        for event in (*found, *repaired, PbxFound(pbx=PbxId(self._pbx.id))):
            self._put(event, now)
        log.info("pbx.found", pbx=self._pbx.id, phones=len(found), repaired=len(repaired))
        buffered, self._buffer = self._buffer or [], None
        for message, at in buffered:
            self._translate(message, at)

    async def _beat_until_lost(self) -> None:
        while not self._lost.is_set():
            pong = await self._ask(SafeAction({"Action": "Ping"}), PING_TIMEOUT)
            await self._ask(fallback.beat(float(pong.timestamp)), PING_TIMEOUT)
            try:
                async with asyncio.timeout(BEAT_INTERVAL):
                    await self._lost.wait()
            except TimeoutError:
                continue
        raise PeerError(self._pbx.id, "the AMI link was closed")

    # -- events in ------------------------------------------------------------------------------------------------

    def _received(self, message: Message) -> None:
        now = self._clock.now()
        if message.event == "FullyBooted":
            self._booted.set()
        elif self._buffer is not None:
            self._buffer.append((message, now))
        else:
            self._translate(message, now)

    def _translate(self, message: Message, at: float) -> None:
        for event in self._translator.translate(message):
            self._put(event, at)

    # -- orders out -----------------------------------------------------------------------------------------------

    def carry_out(self, order: Order) -> None:
        """Send what the order needs, now. What comes of it returns as an event; a failure does too."""
        batch = actions_for(order, self._translator)
        if not batch:
            return
        if isinstance(order, RingPhones):
            self._translator.ordered(order.inquiry, order.attempt)
        for action in batch:
            action.future.add_done_callback(lambda future: self._order_answered(order, future))
        if self._wire is None or not self._is_live:
            for action in batch:
                action.fail(PeerError(self._pbx.id, "the AMI link is down"))
            return
        self._wire.send_actions(batch, ACTION_TIMEOUT)

    def _order_answered(self, order: Order, future: "asyncio.Future[list[Message]]") -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            answer = future.result()[0]
            if answer.success:
                return
            error = PeerError(self._pbx.id, str(answer.message))
        log.warning(
            "pbx.order_failed", pbx=self._pbx.id, order=type(order).__name__, inquiry=order.inquiry, error=str(error)
        )
        if isinstance(order, RingPhones) and self._is_live:
            event = AttemptFailed(inquiry=order.inquiry, attempt=order.attempt, detail=str(error))
            self._put(event, self._clock.now())

    # -- asking ---------------------------------------------------------------------------------------------------

    async def _ask(self, action: SafeAction, within: float = ACTION_TIMEOUT) -> Message:
        return (await self._ask_all([action], within))[0][0]

    async def _ask_list(self, action: SafeAction) -> list[Message]:
        """The items of a list. Raises PeerError when it was refused: no list is not an empty list."""
        answer, *items = (await self._ask_all([action]))[0]
        if not answer.success:
            raise self._refused(action, answer)
        return items

    async def _ask_all(self, batch: Sequence[SafeAction], within: float = ACTION_TIMEOUT) -> list[list[Message]]:
        if self._wire is None:
            raise PeerError(self._pbx.id, "the AMI link is down")
        self._wire.send_actions(batch, within)
        return list(await asyncio.gather(*(action.future for action in batch)))

    def _refused(self, action: SafeAction, answer: Message) -> PeerError:
        return PeerError(self._pbx.id, f"{action['action']} was refused: {answer.message}")
