"""The PBX itself: can it be reached and logged in to, what is it, has it booted, how late is it there."""

import asyncio
import socket
from collections.abc import AsyncIterator

from huntgroup.adapters.clock import Clock
from huntgroup.doctor.findings import Finding, failed, fine, note
from huntgroup.doctor.session import Session
from huntgroup.errors import ConfigError, PeerError, PeerRefused

OLDEST, NEWEST = 16, 22
"""Major versions of Asterisk on which every feature was seen to work."""
BOOTED_WITHIN = 2.0
"""FullyBooted comes with the login, if it comes."""
PINGS = 5
SKEW_NOTED = 1.0
SKEW_FAILED = 30.0
"""Seconds by which the clocks may differ. The daemon reckons with the difference; people who read two logs do not."""
RELOAD = 'then `asterisk -rx "manager reload"`'


async def reach(session: Session) -> Finding:
    """Connect; the session is to be closed by whoever made it."""
    pbx = session.pbx
    at, option = f"{pbx.host}:{pbx.port}", f"[[pbx]] {pbx.id}: host, port"
    try:
        await session.__aenter__()
    except socket.gaierror as error:
        return failed("pbx.reached", f"the host {pbx.host} has no address: {error.strerror}", option, "correct `host`")
    except ConnectionRefusedError:
        mend = f"in manager.conf, [general]: `enabled = yes`, `port = {pbx.port}` and a `bindaddr` that is reached; "
        return failed("pbx.reached", f"nothing listens at {at}", option, mend + RELOAD)
    except TimeoutError:
        mend = "see that the host is up and that no firewall stands between: `nc -vz " + f"{pbx.host} {pbx.port}`"
        return failed("pbx.reached", f"no answer from {at}", option, mend)
    except OSError as error:
        return failed("pbx.reached", f"{at} cannot be reached: {error}", option, "see that the machine has a way there")
    return fine("pbx.reached", f"{pbx.id} is reached at {at}")


async def login(session: Session) -> Finding:
    """Log in with the configured user and secret."""
    pbx = session.pbx
    try:
        await session.login()
    except ConfigError as error:
        problem = error.problems[0]
        return failed("pbx.login", f"there is no secret: {problem.wrong}", f"[[pbx]] {pbx.id}", problem.right)
    except PeerRefused as error:
        return failed(
            "pbx.login", f"the login of {pbx.username!r} was refused: {error.message}", *_how_to_log_in(session)
        )
    except PeerError as error:
        mend = f"`port` must be that of manager.conf, [general], by default 5038; `{pbx.host}` must be an Asterisk"
        return failed("pbx.login", error.message, f"[[pbx]] {pbx.id}: port", mend)
    return fine("pbx.login", f"logged in as {pbx.username}")


def _how_to_log_in(session: Session) -> tuple[str, str]:
    """Asterisk gives one answer to a wrong name, a wrong secret and a wrong address; its own log tells them apart."""
    pbx, user = session.pbx, session.pbx.username
    place = f"secret_file {pbx.secret_file}" if pbx.secret_file else f"secret_env {pbx.secret_env}"
    mend = (
        "Asterisk's log says which: "
        f"`nonexistent user`: put config/manager.conf's [{user}] into manager.conf; "
        f"`failed to authenticate`: its `secret = …` must be what {place} holds; "
        f"`failed to pass IP ACL`: add `permit = {session.our_address}/255.255.255.255` below its `deny`; {RELOAD}"
    )
    return f"manager.conf: [{user}]; [[pbx]] {pbx.id}: username, {place.partition(' ')[0]}", mend


async def look(session: Session) -> AsyncIterator[Finding]:
    """What it is, and whether it is ready."""
    yield await _version(session)
    yield await _boot(session)
    yield await _clock(session)


async def _version(session: Session) -> Finding:
    found = await session.values(["VERSION()", "VERSION(ASTERISK_VERSION_NUM)"])
    name, number = found["VERSION()"], found["VERSION(ASTERISK_VERSION_NUM)"]
    where = "the PBX"
    if not number.isdecimal():
        mend = '`asterisk -rx "core show version"` tells it; the function needs `module load func_version.so`'
        return note("pbx.version", "which version of Asterisk it is cannot be told", where, mend)
    major = int(number) // 10_000
    if major < OLDEST:
        mend = f"take Asterisk {OLDEST} to {NEWEST}"
        return failed("pbx.version", f"Asterisk {name} is older than what Huntgroup works with", where, mend)
    if major > NEWEST:
        mend = "run `make test` against it, or `huntgroup doctor --test-call NUMBER`"
        return note("pbx.version", f"Asterisk {name} is newer than any that Huntgroup was tried with", where, mend)
    return fine("pbx.version", f"Asterisk {name}")


async def _boot(session: Session) -> Finding:
    try:
        async with asyncio.timeout(BOOTED_WITHIN):
            await session.booted.wait()
    except TimeoutError:
        user = session.pbx.username
        mend = f"give the user `read = system,call,user`, {RELOAD}; or wait until Asterisk has started"
        return failed("pbx.booted", "Asterisk does not say that it has booted", f"manager.conf: [{user}]: read", mend)
    return fine("pbx.booted", "Asterisk is fully booted")


async def _clock(session: Session) -> Finding:
    """By the quickest of some pings: the answer's instant is somewhere between question and answer."""
    clock = Clock()
    best = (float("inf"), 0.0)
    for _ in range(PINGS):
        asked = clock.now()
        pong = await session.ask("Ping")
        answered = clock.now()
        best = min(best, (answered - asked, float(pong.timestamp or "nan") - (asked + answered) / 2))
    took, ahead = best
    if not abs(ahead) < float("inf"):
        return note("pbx.clock", "the PBX tells no time with its pings", "the PBX")
    said = f"the PBX's clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    mend = "set both by NTP: `timedatectl set-ntp true`, and see `timedatectl timesync-status`"
    if abs(ahead) >= SKEW_FAILED:
        return failed("pbx.clock", said, "both machines", mend)
    if abs(ahead) >= SKEW_NOTED:
        return note("pbx.clock", said, "both machines", mend)
    return fine("pbx.clock", f"the clocks agree to {max(abs(ahead), took) * 1000:.0f} ms")
