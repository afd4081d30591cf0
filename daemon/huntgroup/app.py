"""The composition root: the one file that names every room and joins them."""

import asyncio
import gc
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import structlog

from huntgroup.adapters.ami.client import AmiClient
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.clock import Clock
from huntgroup.adapters.mqtt.client import MqttClient
from huntgroup.adapters.mqtt.topics import CALLS
from huntgroup.adapters.store.history import History
from huntgroup.adapters.store.journal import Journal
from huntgroup.adapters.store.opening import held
from huntgroup.engine.effects import Order, Tidings
from huntgroup.engine.events import DaemonStarted, Event, PolicyChanged
from huntgroup.engine.ids import PbxId
from huntgroup.engine.policy import Policy
from huntgroup.errors import ConfigError, PeerRefused
from huntgroup.open_calls import entries_read, open_calls
from huntgroup.ops import logs
from huntgroup.ops.notify import ServiceManager
from huntgroup.policies import policy_from
from huntgroup.recorder import Recorder
from huntgroup.recovery import recovered
from huntgroup.settings import Settings, load
from huntgroup.shell import Done, Moment, Outside, Shell

log = structlog.get_logger("huntgroup")

EXIT_STOPPED = 0
EXIT_REFUSED = 3
LAST_WORDS_TIMEOUT = 3.0
"""Seconds for writing and telling what was taken in before the daemon was told to stop."""
FIXED_SECTIONS = ("store", "mqtt", "pbx")
"""What a reload does not touch: who the daemon talks to."""


def run(path: Path) -> int:
    """Run the daemon until it is told to stop; the exit status.

    Raises:
        ConfigError: when the file cannot be used.
        StoreError: when the store cannot be.
    """
    settings = load(path)
    logs.configure()
    log.info("daemon.starting", version=version("huntgroup"), config=str(path))
    try:
        with held(settings.store.path):
            asyncio.run(_serve(settings, path))
    except BaseExceptionGroup as group:
        refused, other = group.split(PeerRefused)
        if refused is None or other is not None:
            raise
        for error in refused.exceptions:
            log.error("daemon.refused", error=str(error))  # noqa: TRY400 - a peer's word, not a fault of ours
        return EXIT_REFUSED
    log.info("daemon.stopped")
    return EXIT_STOPPED


async def _serve(settings: Settings, path: Path) -> None:
    clock = Clock()
    policy = _policy(settings, clock)
    supervisor = ServiceManager()
    engine, opened = recovered(settings.store.path, policy, clock.now())
    journal = Journal(settings.store.path, opened, settings.store.keep, clock)
    history = History(settings.store.path)

    def put(event: Event, at: float, then: Done | None = None) -> None:
        shell.put(event, at, then)

    def tell_broker(tidings: Tidings) -> None:
        if mqtt is not None:
            mqtt.tell(tidings)

    def carry_out(order: Order) -> None:
        # What lies at the broker's side is told as state, and needs no order.
        if order.inquiry.startswith(CALLS):
            ami.carry_out(order)

    ami = AmiClient(settings.pbx[0], policy, put, clock, directory=Directory.of(settings), telephony=settings.telephony)
    ami.remember(open_calls(engine.world), entries_read(engine.world, PbxId(settings.pbx[0].id)))
    notices = (ami.tell, logs.tell, tell_broker)
    outside = Outside(carry_out=carry_out, notices=notices, pulse=supervisor.alive, catch_up=ami.catch_up)
    shell = Shell(engine, Recorder(journal), clock, outside, Moment(opened.sequence, opened.at))
    mqtt = MqttClient(settings.mqtt, policy, shell, history, clock.now) if settings.mqtt else None
    shell.put(DaemonStarted(version=version("huntgroup")), clock.now())
    if engine.world.policy != policy:
        shell.put(PolicyChanged(policy=policy), clock.now())
    reloader = Reloader(settings=settings, path=path, clock=clock, shell=shell, ami=ami, mqtt=mqtt)
    stop = _stop_on_signals(reloader)
    try:
        async with history, asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(shell.run(), name="shell"),
                tasks.create_task(ami.run(), name="ami"),
                tasks.create_task(journal.run(), name="journal"),
            ]
            telling = tasks.create_task(mqtt.run(), name="mqtt") if mqtt is not None else None
            # What is there now stays for good: a full collection must not look at it again, in the middle of a call.
            gc.collect()
            gc.freeze()
            supervisor.ready()
            await stop.wait()
            supervisor.stopping()
            await ami.close()
            await _ended(running)
            if telling is not None:
                telling.cancel()
    finally:
        await ami.close()


async def _ended(running: Iterable["asyncio.Task[None]"]) -> None:
    """These have ended, and the broker was told of all that came of it; a disk that hangs holds nobody up for long."""
    for task in running:
        task.cancel()
    await asyncio.wait(running, timeout=LAST_WORDS_TIMEOUT)


def _policy(settings: Settings, clock: Clock) -> Policy:
    return policy_from(settings, datetime.fromtimestamp(clock.now(), UTC).date())


def _stop_on_signals(reloader: "Reloader") -> asyncio.Event:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reloader.reload)
    return stop


@dataclass(slots=True, kw_only=True)
class Reloader:
    """Takes over a changed file while everything goes on: whole, or with any mistake in it not at all."""

    settings: Settings
    path: Path
    clock: Clock
    shell: Shell
    ami: AmiClient
    mqtt: MqttClient | None

    def reload(self) -> None:
        """Read the file again; what is wrong with it is told in the words of `check`, and nothing changes then."""
        try:
            settings = load(self.path)
        except ConfigError as error:
            for problem in error.problems:
                log.error("configuration.rejected", problem=str(problem))  # noqa: TRY400 - the user's file
            if self.mqtt is not None:
                self.mqtt.announce("configuration.rejected", {"problems": [str(each) for each in error.problems]})
            return
        fixed = [name for name in FIXED_SECTIONS if getattr(settings, name) != getattr(self.settings, name)]
        if fixed:
            log.warning("configuration.needs_restart", sections=fixed)
        policy = _policy(settings, self.clock)
        self.shell.put(PolicyChanged(policy=policy), self.clock.now())
        self.ami.reconfigure(policy, Directory.of(settings), settings.telephony)
        if self.mqtt is not None:
            self.mqtt.follow(policy)
            counts = {"operators": len(policy.operators), "groups": len(policy.groups), "needs_restart": fixed}
            self.mqtt.announce("configuration.changed", counts)
        self.settings = settings
        log.info("configuration.changed", operators=len(policy.operators), groups=len(policy.groups))
