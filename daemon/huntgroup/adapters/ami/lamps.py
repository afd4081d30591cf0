"""Lamps on phones: who is logged in and who pauses, as custom device states that the dialplan has hints for.

Setvar of DEVICE_STATE() needs no privilege beyond ``call``, and the state outlives a restart of the PBX (seen on 16.28
and 22.10). That a colleague's phone rings is the hint of their own extension: Asterisk knows that by itself.
"""

from collections.abc import Iterable, Iterator

from huntgroup.adapters.ami.fallback import setvar
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.engine.effects import OperatorChanged
from huntgroup.engine.ids import OperatorId
from huntgroup.engine.policy import Policy, Presence

ON, OFF = "INUSE", "NOT_INUSE"


class Lamps:
    """What every lamp is to show. An operator without an extension has none."""

    def __init__(self, policy: Policy) -> None:
        self._presence: dict[OperatorId, Presence] = {}
        self.reconfigure(policy)

    def reconfigure(self, policy: Policy) -> None:
        """Other operators or extensions from now on."""
        self._extension = {each.id: each.extension for each in policy.operators.values() if each.extension}

    def told(self, operator: OperatorChanged) -> list[SafeAction]:
        """The lamps that change, as actions; mostly none."""
        if self._presence.get(operator.operator) is operator.presence:
            return []
        self._presence[operator.operator] = operator.presence
        return list(self._of(operator.operator))

    def all(self) -> list[SafeAction]:
        """Every lamp, for a PBX that may show anything."""
        return [action for operator in self._presence for action in self._of(operator)]

    def _of(self, operator: OperatorId) -> Iterator[SafeAction]:
        extension = self._extension.get(operator)
        if extension is None:
            return
        presence = self._presence[operator]
        yield _set("login", extension, is_on=presence is not Presence.LOGGED_OUT)
        yield _set("pause", extension, is_on=presence is Presence.PAUSED)


def extensions(policy: Policy) -> Iterator[str]:
    """Those that have lamps."""
    return (each.extension for each in policy.operators.values() if each.extension)


def withdraw(gone: Iterable[str]) -> list[SafeAction]:
    """Put out the lamps of extensions that are no operator's any more: the PBX would keep them as they are for ever."""
    return [_set(lamp, extension, is_on=False) for extension in sorted(gone) for lamp in ("login", "pause")]


def _set(lamp: str, extension: str, *, is_on: bool) -> SafeAction:
    return setvar(f"DEVICE_STATE(Custom:huntgroup-{lamp}-{extension})", ON if is_on else OFF)
