"""All that the daemon has for customers, put together: a part of the composition root."""

from collections.abc import Sequence

from huntgroup.adapters.mqtt.client import MqttClient
from huntgroup.adapters.store.customers.following import Follower, keep_nothing
from huntgroup.adapters.store.customers.for_crm import ForCrm
from huntgroup.adapters.store.customers.reading import Readings
from huntgroup.adapters.store.journal import Journal
from huntgroup.crm.desk import CrmDesk
from huntgroup.crm.telling import TOLD
from huntgroup.crm_service import asked_for_strangers
from huntgroup.customer_desk import CustomerDesk
from huntgroup.customers.rules import RuleBook
from huntgroup.customers.words import Happened, Happening
from huntgroup.engine.engine import Engine
from huntgroup.engine.ids import InquiryId
from huntgroup.ops import logs
from huntgroup.recognition import Recognition
from huntgroup.settings import Settings
from huntgroup.shell import Shell

MOVING = TOLD | {Happened.MERGED, Happened.UNDONE}
"""Something may be there to be told to a CRM, or stand first that stood behind another."""


class CustomerService:
    """Recognition before the shell, the follower behind the journal, and who answers what is asked."""

    def __init__(self, settings: Settings) -> None:
        self.rules = RuleBook(settings)
        for_crm = ForCrm(settings.crm.type) if settings.crm is not None else keep_nothing
        self.follower = Follower(tell=self._tell, for_crm=for_crm, has_broker=settings.mqtt is not None)
        self._keep = settings.store.keep
        self._readings = Readings(settings.store.path)
        self._recognition: Recognition | None = None
        self._mqtt: MqttClient | None = None
        self._crm: CrmDesk | None = None

    def before(self, shell: Shell, engine: Engine, crm: CrmDesk | None) -> Recognition:
        """What stands before the shell; the CRM is asked for who is not known here, and told what happens."""
        self._crm = crm
        world = engine.world

        def is_open(call: InquiryId) -> bool:
            return world.comings.latest(call) in world.inquiries

        self._recognition = Recognition(shell, self._readings, self.rules, is_open, asked_for_strangers(crm))
        return self._recognition

    def meet(self, mqtt: MqttClient | None, journal: Journal) -> None:
        """Tell and answer at this broker."""
        self._mqtt = mqtt
        if mqtt is not None:
            mqtt.serve_customers(CustomerDesk(journal, self._readings, self.rules, self._keep))

    async def close(self) -> None:
        """Let everything go."""
        if self._recognition is not None:
            await self._recognition.close()
        self._readings.close()

    def _tell(self, told: Sequence[Happening]) -> None:
        logs.tell_of_customers(told)
        if self._mqtt is not None:
            self._mqtt.happened(told)
        if self._crm is not None and any(each.kind in MOVING for each in told):
            self._crm.wake()
