"""All that the daemon has for customers, put together: a part of the composition root."""

from collections.abc import Collection, Sequence

from huntgroup.adapters.mqtt.client import MqttClient
from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.customers.reading import Readings
from huntgroup.adapters.store.journal import Journal
from huntgroup.customer_desk import CustomerDesk
from huntgroup.customers.rules import RuleBook
from huntgroup.customers.words import Happened, Happening
from huntgroup.engine.engine import Engine
from huntgroup.ops import logs
from huntgroup.recognition import Recognition, SomebodyElse
from huntgroup.settings import Settings
from huntgroup.shell import Shell


class CustomerService:
    """Recognition before the shell, the follower behind the journal, and who answers what is asked."""

    def __init__(
        self, settings: Settings, somebody_else: SomebodyElse | None = None, outbox: Collection[Happened] = ()
    ) -> None:
        """``somebody_else`` is asked for who is not known here; ``outbox``: what is kept for them to be told."""
        self.rules = RuleBook(settings)
        self.follower = Follower(tell=self._tell, outbox=outbox, has_broker=settings.mqtt is not None)
        self._somebody_else = somebody_else
        self._keep = settings.store.keep
        self._readings = Readings(settings.store.path)
        self._recognition: Recognition | None = None
        self._mqtt: MqttClient | None = None

    def before(self, shell: Shell, engine: Engine) -> Recognition:
        """What stands before the shell."""
        is_open = engine.world.inquiries.__contains__
        self._recognition = Recognition(shell, self._readings, self.rules, is_open, self._somebody_else)
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
