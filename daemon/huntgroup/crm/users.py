"""Who is who: operators, and what the CRM calls them."""

from collections.abc import Collection, Mapping

import structlog

from huntgroup.settings import Crm as Settings

log = structlog.get_logger(__name__)

NOTED_MOST = 1000
"""Unknown users that are remembered as told of."""


class Users:
    """Both ways. A user whom nobody here is, is told of once, and is nobody."""

    def __init__(self, settings: Settings, operators: Collection[str]) -> None:
        self._noted: set[str] = set()
        self.follow(settings, operators)

    def follow(self, settings: Settings, operators: Collection[str]) -> None:
        """Other operators, or other users, from now on."""
        own = {each: each for each in operators} if settings.type == "http" else {}
        self._users: Mapping[str, str] = own | settings.users
        self._operators = {user: operator for operator, user in self._users.items() if operator in operators}

    def user_of(self, operator: str | None) -> str:
        """What the CRM calls an operator; empty where it knows none for them."""
        return "" if operator is None else self._users.get(operator, "")

    def operator_of(self, user: str) -> str | None:
        """The operator that a user is."""
        found = self._operators.get(user)
        if found is None and user and user not in self._noted and len(self._noted) < NOTED_MOST:
            self._noted.add(user)
            log.warning("crm.unknown_user", user=user, hint="[crm.users] says which operator a user is")
        return found
