"""The composition root: the one file that names every room and joins them."""

import asyncio
import json
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from huntgroup.adapters.ami.sending import Put
from huntgroup.adapters.clock import Clock
from huntgroup.adapters.mqtt.client import MqttClient
from huntgroup.adapters.mqtt.share import Share
from huntgroup.adapters.mqtt.topics import CALLS
from huntgroup.adapters.store.history import History
from huntgroup.adapters.store.holding import Holding
from huntgroup.adapters.store.journal import Journal
from huntgroup.adapters.store.opening import held
from huntgroup.administrator import Administrator, Said
from huntgroup.authors import author_of
from huntgroup.build import build
from huntgroup.crm.desk import CrmDesk
from huntgroup.crm_service import crm_desk
from huntgroup.customer_service import CustomerService
from huntgroup.customers.rules import RuleBook
from huntgroup.engine.effects import Order, Tidings
from huntgroup.engine.events import DaemonStarted, Event, KeyChanged, PolicyChanged
from huntgroup.engine.policy import Policy
from huntgroup.errors import ConfigError, PeerRefused
from huntgroup.exchanges import Exchanges
from huntgroup.ops import logs
from huntgroup.ops.garbage import Collector
from huntgroup.ops.notify import ServiceManager
from huntgroup.policies import policy_from
from huntgroup.recorder import Recorder
from huntgroup.recovery import recovered
from huntgroup.settings import Settings
from huntgroup.settings.differences import published, published_problem
from huntgroup.settings.editing import Loaded, load_whole
from huntgroup.settings.exposure import exposed
from huntgroup.shell import Done, Moment, Outside, Shell, nobody
from huntgroup.suspects import SuspectFile
from huntgroup.told import sessions_of, telling_begun, telling_ended

log = structlog.get_logger("huntgroup")

EXIT_STOPPED = 0
EXIT_REFUSED = 3
LAST_WORDS_TIMEOUT = 3.0
"""Seconds for writing and telling what was taken in before the daemon was told to stop."""
FIXED_SECTIONS = ("store", "mqtt", "pbx", "crm")
"""What a reload does not touch: who the daemon talks to."""


def run(path: Path) -> int:
    """Run the daemon until it is told to stop; the exit status.

    Raises:
        ConfigError: when the file cannot be used.
        StoreError: when the store cannot be.
    """
    loaded = load_whole(path)
    settings = loaded.settings
    logs.configure()
    log.info("daemon.starting", version=build(), config=str(path))
    for each in exposed(path, settings):
        log.warning("file.exposed", file=str(each.file), problem=each.wrong, hint=each.mend)
    try:
        with held(settings.store.path) as holding:
            asyncio.run(_serve(loaded, path, holding))
    except BaseExceptionGroup as group:
        refused, other = group.split(PeerRefused)
        if refused is None or other is not None:
            raise
        for error in refused.exceptions:
            log.error("daemon.refused", error=str(error))  # noqa: TRY400 - a peer's word, not a fault of ours
        return EXIT_REFUSED
    log.info("daemon.stopped")
    return EXIT_STOPPED


async def _serve(loaded: Loaded, path: Path, holding: Holding) -> None:
    settings = loaded.settings
    clock, share, collector = Clock(), Share(), Collector()
    policy = _policy(settings, clock)
    supervisor = ServiceManager()
    engine, opened = recovered(settings.store.path, policy, clock.now())
    customers = CustomerService(settings)
    journal = Journal(settings.store.path, opened, settings.store.keep, clock, customers.follower)
    crm = crm_desk(settings, journal, clock)
    history = History(settings.store.path)
    telling = telling_begun(settings, journal, opened.sequence, opened.at)

    def put(event: Event, at: float, then: Done | None = None) -> None:
        recognition.put(event, at, then)

    def tell_broker(tidings: Tidings) -> None:
        if mqtt is not None:
            mqtt.tell(tidings)

    def carry_out(order: Order) -> None:
        # What lies at the broker's side is told as state, and needs no order.
        if order.inquiry.startswith(CALLS):
            ami.carry_out(order)

    ami = Exchanges(settings, policy, _noting_calls(put, share), clock)
    ami.remember(engine.world)
    outside = Outside(
        carry_out=carry_out,
        notices=(ami.tell, logs.tell, tell_broker),
        pulse=_pulse(supervisor, collector, share),
        catch_up=ami.catch_up,
        told=telling.facts.until if telling is not None else nobody,
    )
    shell = Shell(
        engine,
        Recorder(journal, customers.rules, has_broker=settings.mqtt is not None),
        clock,
        outside,
        Moment(opened.sequence, opened.at),
        suspects=SuspectFile(settings.store.path),
    )
    recognition = customers.before(shell, engine, crm)
    reloader = Reloader(
        settings=settings,
        clock=clock,
        shell=shell,
        ami=ami,
        holding=holding,
        version=loaded.version,
        rules=customers.rules,
        crm=crm,
    )
    administrator = Administrator(path, loaded, reloader)
    mqtt = (
        MqttClient(
            settings.mqtt,
            policy,
            recognition,
            history,
            clock.now,
            administration=administrator,
            telling=telling,
            going=clock.going,
            share=share,
            remembered=sessions_of(settings),
        )
        if settings.mqtt
        else None
    )
    reloader.mqtt = mqtt
    customers.meet(mqtt, journal)
    shell.put(DaemonStarted(version=build()), clock.now())
    if engine.world.policy != policy:
        shell.put(_changed_meanwhile(policy, loaded), clock.now())
    stop = _stop_on_signals(administrator)
    try:
        async with history, asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(shell.run(), name="shell"),
                *(tasks.create_task(ami.run(pbx), name=f"ami-{pbx}") for pbx in ami.names),
                tasks.create_task(journal.run(), name="journal"),
                tasks.create_task(administrator.run(), name="administrator"),
                *([tasks.create_task(crm.run(), name="crm")] if crm is not None else []),
            ]
            linked = tasks.create_task(mqtt.run(), name="mqtt") if mqtt is not None else None
            collector.settle()
            holding.tell(version=loaded.version)
            supervisor.ready()
            await stop.wait()
            supervisor.stopping()
            await ami.close()
            await _ended(running)
            if linked is not None:
                linked.cancel()
    finally:
        await ami.close()
        await customers.close()
        telling_ended(settings, telling)


def _pulse(supervisor: ServiceManager, collector: Collector, share: Share) -> Callable[[], None]:
    def pulse() -> None:
        supervisor.alive()
        collector.look(has_calls=share.has_calls)

    return pulse


def _noting_calls(put: Put, share: Share) -> Put:
    """What a PBX reports makes the broker's messages leave time for it."""

    def noted(event: Event, at: float, then: Done | None = None) -> None:
        share.call_noted()
        put(event, at, then)

    return noted


async def _ended(running: Iterable["asyncio.Task[None]"]) -> None:
    """These have ended, and the broker was told of all that came of it; a disk that hangs holds nobody up for long."""
    for task in running:
        task.cancel()
    await asyncio.wait(running, timeout=LAST_WORDS_TIMEOUT)


def _changed_meanwhile(policy: Policy, loaded: Loaded) -> PolicyChanged:
    """The file is another than the one that the last run went by."""
    author = author_of(loaded.settings.store.path, loaded.version)
    return PolicyChanged(policy=policy, who=author.who if author is not None else "", version=loaded.version)


def _policy(settings: Settings, clock: Clock) -> Policy:
    return policy_from(settings, datetime.fromtimestamp(clock.now(), UTC).date())


def _stop_on_signals(administrator: Administrator) -> asyncio.Event:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, administrator.reload)
    return stop


@dataclass(slots=True, kw_only=True)
class Reloader:
    """Takes over a changed configuration while everything goes on: whole, or with any mistake in it not at all."""

    settings: Settings
    clock: Clock
    shell: Shell
    ami: Exchanges
    holding: Holding
    version: str
    rules: RuleBook
    crm: CrmDesk | None = None
    mqtt: MqttClient | None = None

    def reject(self, error: ConfigError, version: str) -> None:
        """What is wrong with the file is told in the words of `check`, and nothing changes."""
        for problem in error.problems:
            log.error("configuration.rejected", problem=str(problem))
        if self.mqtt is not None:
            problems = {"version": version, "problems": [published_problem(each) for each in error.problems]}
            self.mqtt.announce("configuration.rejected", problems)
        self.holding.tell(version=self.version, refused=version)

    def take_over(self, loaded: Loaded, said: Said, then: Callable[[], None]) -> None:
        """Go by this from now on; ``then`` is called once that is durable and was told."""
        settings = loaded.settings
        fixed = [name for name in FIXED_SECTIONS if _fixed(settings, name) != _fixed(self.settings, name)]
        if fixed:
            log.warning("configuration.needs_restart", sections=fixed)
        settings = settings.model_copy(update={"pbx": self.settings.pbx})  # whom we talk to stays
        policy = _policy(settings, self.clock)
        keys = tuple(
            KeyChanged(key=each.key, before=_text(each.before), after=_text(each.after)) for each in said.changes
        )
        event = PolicyChanged(policy=policy, who=said.who, version=loaded.version, changes=keys)

        def told() -> None:
            if self.mqtt is not None:
                public = map(published, said.changes)
                changes = [{"key": each.key, "before": each.before, "after": each.after} for each in public]
                data = {"who": said.who, "version": loaded.version, "changes": changes, "needs_restart": fixed}
                counts = {"operators": len(policy.operators), "groups": len(policy.groups)}
                self.mqtt.announce("configuration.changed", data | counts)
            then()

        self.shell.put(event, self.clock.now(), told)
        self.ami.reconfigure(policy, settings)
        if self.mqtt is not None:
            self.mqtt.follow(policy)
        self.rules.follow(settings)
        if self.crm is not None and settings.crm is not None:
            self.crm.follow(settings.crm, [each.id for each in settings.operators])
        self.settings = settings
        self.version = loaded.version
        self.holding.tell(version=loaded.version)
        log.info(
            "configuration.changed",
            who=said.who,
            version=loaded.version,
            changes=[each.key for each in said.changes],
            operators=len(policy.operators),
            groups=len(policy.groups),
        )


def _fixed(settings: Settings, section: str) -> object:
    """What of a section holds until the next start: of the CRM all but what it calls the operators."""
    if section == "crm" and settings.crm is not None:
        return settings.crm.model_copy(update={"users": {}})
    value: object = getattr(settings, section)
    return value


def _text(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
