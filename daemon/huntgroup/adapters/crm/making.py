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
    """It opens nothing before it is used. Raises ConfigError when the secret cannot be read, or be one."""
    secret = settings.read_secret()
    web = Web(settings.timeout, settings.ca_file, clock)
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
