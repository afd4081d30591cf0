"""The PBXs of the house, each with a link of its own: what is for which, and what comes of one that turns us away."""

import asyncio
from collections.abc import Callable

import structlog

from huntgroup.adapters.ami.across import Crossings
from huntgroup.adapters.ami.client import AmiClient
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.sending import Put
from huntgroup.adapters.clock import Clock
from huntgroup.engine.effects import Order, PickUpCall, Tidings
from huntgroup.engine.ids import PbxId
from huntgroup.engine.policy import Policy
from huntgroup.engine.world import World
from huntgroup.errors import PeerRefused
from huntgroup.open_calls import entries_read, open_calls
from huntgroup.settings import Settings

log = structlog.get_logger(__name__)

REFUSED_PAUSE = 60.0
"""Seconds until a PBX that turned us away is asked again, while there is another one that did not."""
FAILED_PAUSE = 5.0
"""Seconds until a link that ended by a fault of ours is tried again."""


class Exchanges:
    """One link for each ``[[pbx]]``. They share nothing but what is known of calls between them."""

    def __init__(self, settings: Settings, policy: Policy, put: Put, clock: Clock) -> None:
        crossings = Crossings()
        self._links = {
            PbxId(each.id): AmiClient(
                each,
                policy,
                put,
                clock,
                directory=Directory.of(settings, each.id),
                telephony=settings.telephony,
                crossings=crossings,
            )
            for each in settings.pbx
        }
        self._refused: set[PbxId] = set()

    @property
    def names(self) -> tuple[PbxId, ...]:
        """All there are."""
        return tuple(self._links)

    def remember(self, world: World) -> None:
        """Before `run`: what the engine has open at each of them."""
        for pbx, link in self._links.items():
            link.remember(open_calls(world, pbx), entries_read(world, pbx))

    def reconfigure(self, policy: Policy, settings: Settings) -> None:
        """Other operators, phones or numbers from now on. Which PBXs there are does not change while we run."""
        for pbx, link in self._links.items():
            link.reconfigure(policy, Directory.of(settings, pbx), settings.telephony)

    async def run(self, pbx: PbxId) -> None:
        """Keep one link up. Raises PeerRefused once every PBX has turned us away: one costs only its own calls."""
        while True:
            try:
                await self._links[pbx].run()
            except PeerRefused as error:
                self._refused.add(pbx)
                if len(self._refused) == len(self._links):
                    raise
                log.error("pbx.refused", pbx=pbx, error=str(error), retry_in=REFUSED_PAUSE)  # noqa: TRY400 - its word
                pause = REFUSED_PAUSE
            except Exception:
                # Whatever a PBX says, the house goes on: the next session looks at what is really there.
                log.exception("pbx.link_failed", pbx=pbx, retry_in=FAILED_PAUSE)
                pause = FAILED_PAUSE
            else:
                return
            await asyncio.sleep(pause)
            self._refused.discard(pbx)

    async def close(self) -> None:
        """Bid all of them farewell, together: one that does not answer holds up no other."""
        await asyncio.gather(*(link.close() for link in self._links.values()))

    def carry_out(self, order: Order) -> None:
        """A pickup is for the PBX at whose phone it was asked for, everything else for the one that has the caller."""
        if isinstance(order, PickUpCall):
            link = next((each for each in self._links.values() if each.has_asked(order.request)), None)
        else:
            link = self._link_of(order.inquiry)
        if link is not None:
            link.carry_out(order)
        else:
            log.warning("pbx.order_for_nobody", order=type(order).__name__, inquiry=order.inquiry)

    def tell(self, tidings: Tidings) -> None:
        """What concerns a phone or a lamp, wherever it is."""
        for link in self._links.values():
            link.tell(tidings)

    def catch_up(self, pbx: PbxId, done: Callable[[], None]) -> None:
        """Call back once everything was told that happened at this PBX before now, or that it is lost."""
        link = self._links.get(pbx)
        if link is None:
            done()
        else:
            link.catch_up(done)

    def _link_of(self, inquiry: str) -> AmiClient | None:
        """A call's name begins with its PBX's; `check` sees that none begins as another one does."""
        if len(self._links) == 1:
            return next(iter(self._links.values()))
        return next((link for pbx, link in self._links.items() if inquiry.startswith(f"call-{pbx}-")), None)
