"""Asks everything in turn, and goes on behind a failure where that makes sense."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from huntgroup.adapters.ami import callbacks
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.standpoint import Standpoint
from huntgroup.adapters.clock import Clock
from huntgroup.doctor import broker, crm, dialplan, fallback, heard, pbx, phones, privileges, secrecy, store, trunks
from huntgroup.doctor.findings import Finding, Outcome, failed, fine, note
from huntgroup.doctor.session import Session
from huntgroup.engine.ids import PbxId
from huntgroup.errors import ConfigError, PeerError
from huntgroup.policies import policy_from
from huntgroup.settings import Pbx, Settings, load, load_to_simulate
from huntgroup.settings.exposure import exposed


def settings_of(path: Path) -> tuple[Settings | None, list[Finding]]:
    """The configuration, and what is wrong with it. A secret that is not there, say, keeps nobody from the rest."""
    try:
        settings = load(path)
    except ConfigError as error:
        findings = [
            failed("configuration", f"{each.key}: {each.wrong}", f"{each.file}:{each.line}", each.right)
            for each in error.problems
        ]
        try:
            return load_to_simulate(path), findings
        except ConfigError:
            return None, findings
    open_to_others = [
        note("files.private", f"{each.file} {each.wrong}", str(each.file), f"`{each.mend}`")
        for each in exposed(path, settings)
    ]
    return settings, [fine("configuration", f"{path} is fine, and its secrets can be read"), *open_to_others]


async def examine(path: Path) -> AsyncIterator[Finding]:
    """Every finding, as soon as it is there."""
    settings, findings = settings_of(path)
    for finding in findings:
        yield finding
    if settings is None:
        return
    is_running = store.is_held(settings.store.path)
    for finding in chain(secrecy.twice(settings), store.look(settings.store.path)):
        yield finding
    for each in settings.pbx:
        async for finding in _pbx(each, settings, is_running=is_running):
            yield finding if len(settings.pbx) == 1 else replace(finding, said=f"{each.id}: {finding.said}")
    if settings.mqtt is not None:
        found = await asyncio.to_thread(broker.look, settings.mqtt, is_running=is_running)
        for finding in (*found, *broker.accounts(settings)):
            yield finding
    if settings.crm is not None:
        async for finding in crm.look(settings.crm, settings.store.path):
            yield finding


async def _pbx(one: Pbx, settings: Settings, *, is_running: bool) -> AsyncIterator[Finding]:
    session = Session(one)
    reached = await pbx.reach(session)
    yield reached
    if reached.outcome is Outcome.FAILED:
        return
    try:
        login = await pbx.login(session)
        yield login
        if login.outcome is Outcome.FAILED:
            return
        for look in _looks(session, settings, is_running=is_running):
            async for finding in look:
                yield finding
    except PeerError as error:
        mend = "see Asterisk's log, and whether it ends connections of this user"
        yield failed("pbx.login", f"the PBX went away: {error.message}", f"[[pbx]] {one.id}", mend)
    finally:
        await session.__aexit__(None, None, None)


def _looks(session: Session, settings: Settings, *, is_running: bool) -> Iterator[AsyncIterator[Finding]]:
    today = datetime.fromtimestamp(Clock().now(), UTC).date()
    policy = policy_from(settings, today)
    yield pbx.look(session)
    yield privileges.look(session, calls_back=callbacks.are_needed(policy))
    yield secrecy.look(session)
    yield dialplan.look(session, settings.telephony, is_one_of_several=len(settings.pbx) > 1)
    yield heard.look(session)
    yield trunks.look(session)
    yield phones.look(session, settings)
    seen = Standpoint(PbxId(session.pbx.id), is_first=session.pbx.id == policy.pbx).policy(policy)
    yield fallback.look(session, seen, Directory.of(settings, session.pbx.id), is_running=is_running)
