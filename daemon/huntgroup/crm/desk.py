"""Everything that the daemon has to do with a CRM: one place to ask, and one task that tells."""

from collections.abc import Collection, Sequence

from huntgroup.adapters.clock import Clock
from huntgroup.crm.asking import LookUps
from huntgroup.crm.sending import Do, Sender
from huntgroup.crm.users import Users
from huntgroup.crm.words import Crm, Identity, Person
from huntgroup.settings import Crm as Settings


class CrmDesk:
    """Give it the connector that the settings ask for; it closes it at the end of `run`."""

    def __init__(self, settings: Settings, operators: Collection[str], crm: Crm, do: Do, clock: Clock) -> None:
        self.connector = settings.type
        """Under this name deeds are put into the outbox."""
        self._crm = crm
        self.budget = settings.budget
        """Seconds that an inquiry waits for an answer."""
        self._users = Users(settings, operators)
        self._look_ups = LookUps(crm, self._users, settings.look_up, clock.now)
        self._sender = Sender(crm, settings.type, self._users, do, clock.now, give_up_after=settings.give_up_after)

    async def look_up(self, identities: Sequence[Identity], budget: float | None = None) -> Person | None:
        """Who that is, within the budget (seconds; by default the settings'). None: nobody, or nobody can say in time.

        Never raises what the CRM did: it may hang, fail or lie.
        """
        return await self._look_ups.look_up(identities, self.budget if budget is None else budget)

    def follow(self, settings: Settings, operators: Collection[str]) -> None:
        """Other operators from now on, or other users. Who the CRM is stays."""
        self._users.follow(settings, operators)

    def wake(self) -> None:
        """Deeds were put into the outbox, and committed."""
        self._sender.wake()

    async def run(self) -> None:
        """Tell the CRM what waits, until cancelled."""
        try:
            await self._sender.run()
        finally:
            await self._look_ups.close()
            await self._crm.close()
