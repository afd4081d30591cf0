"""The connector that the settings ask for."""

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.crm.bitrix24.connector import Bitrix24
from huntgroup.adapters.crm.bitrix24.portal import Portal
from huntgroup.adapters.crm.http import HttpCrm
from huntgroup.adapters.crm.web import Web
from huntgroup.crm.words import Crm
from huntgroup.errors import ConfigError, Problem
from huntgroup.settings import Crm as Settings
from huntgroup.settings.crm import hook_user, read_hook, read_key
from huntgroup.settings.words import Complaint


def connector(settings: Settings, clock: Clock) -> Crm:
    """It opens nothing before it is used. Raises ConfigError for a secret or a file that cannot be read, or be one."""
    secret = settings.read_secret()
    try:
        web = Web(settings.timeout, settings.ca_file, clock)
    except OSError as error:
        wrong = f"holds no certificates: {error.strerror or error}"
        right = "name a file in PEM of the authorities to trust, or leave it out for the system's"
        raise ConfigError(
            Problem(file=str(settings.ca_file), line=1, key="ca_file", wrong=wrong, right=right)
        ) from None
    try:
        if settings.type == "bitrix24":
            hook = read_hook(secret)
            return Bitrix24(Portal(hook, web, clock.now), hook_user(hook))
        return HttpCrm(settings.url or "", read_key(secret), web, clock)
    except Complaint as complaint:
        place, key = (
            str(settings.secret_file or settings.secret_env),
            "secret_env" if settings.secret_env else "secret_file",
        )
        raise ConfigError(Problem(file=place, line=1, key=key, wrong=complaint.wrong, right=complaint.right)) from None
