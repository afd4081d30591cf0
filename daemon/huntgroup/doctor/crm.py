"""The CRM: reached, let in with the secret, and told of everything."""

from collections.abc import AsyncIterator
from pathlib import Path

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.crm.making import connector
from huntgroup.crm.report import backlog_in
from huntgroup.crm.words import CrmError, CrmShut
from huntgroup.doctor.findings import Finding, failed, fine, note
from huntgroup.errors import ConfigError, StoreError
from huntgroup.settings import Crm

OLD_SECONDS = 600.0
"""What waits for longer is worth a word."""


async def look(settings: Crm, store: Path) -> AsyncIterator[Finding]:
    """Ask it something that changes nothing, and see what it was not told yet."""
    clock = Clock()
    try:
        crm = connector(settings, clock)
    except ConfigError as error:
        problem = error.problems[0]
        yield failed("crm.secret", f"there is no secret: {problem.wrong}", "[crm]", problem.right)
        return
    try:
        yield fine("crm.reached", f"{settings.where}: {await crm.examine()}")
    except CrmShut as error:
        yield failed("crm.secret", f"{settings.where} does not let us in: {error}", "[crm]", _mend(settings))
    except CrmError as error:
        mend = "see that it runs, and that no firewall stands between; the rest of the house works without it"
        yield failed("crm.reached", f"{settings.where}: {error}", "[crm]", mend)
    finally:
        await crm.close()
    yield _backlog(settings, store, clock.now())


def _mend(settings: Crm) -> str:
    place = "secret_file" if settings.secret_file else "secret_env"
    if settings.type == "bitrix24":
        return f"an inbound webhook with the rights `crm` and `telephony`, and its whole address in {place}"
    return f"what {place} holds must be the key by which the CRM verifies, and `url` where it takes messages"


def _backlog(settings: Crm, store: Path, now: float) -> Finding:
    if not store.exists():
        return note("crm.backlog", "nothing was ever told", "[crm]", "start the daemon once")
    try:
        stands = backlog_in(store, settings.type)
    except StoreError as error:
        return note("crm.backlog", error.message, "[store]: url", "start the daemon once")
    said = f"{stands.waiting} to be told, {stands.dead} given up"
    if stands.error:
        said += f"; {stands.error}"
    if stands.dead:
        mend = "`huntgroup crm outbox` says what and why, `huntgroup crm retry` has it told again"
        return failed("crm.backlog", said, "[crm]", mend)
    if stands.oldest_at is not None and now - stands.oldest_at > OLD_SECONDS:
        return note("crm.backlog", said, "[crm]", "`huntgroup crm outbox` says what waits")
    return fine("crm.backlog", said)
