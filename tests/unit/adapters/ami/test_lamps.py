"""Lamps on phones: who is logged in, who pauses."""

from collections.abc import Mapping, Sequence

import pytest
from tests.unit.adapters.ami.conftest import operator, policy_of

from huntgroup.adapters.ami.lamps import Lamps
from huntgroup.adapters.ami.wire import SafeAction
from huntgroup.engine.effects import OperatorChanged
from huntgroup.engine.ids import OperatorId
from huntgroup.engine.policy import Presence


def now(name: str, presence: Presence) -> OperatorChanged:
    """What is told of an operator."""
    return OperatorChanged(
        operator=OperatorId(name), presence=presence, pause_reason="", reasons={}, load={}, capacity={}, inquiries=()
    )


def shown(actions: Sequence[SafeAction]) -> Mapping[str, str]:
    """Lamp to state."""
    prefix = "DEVICE_STATE(Custom:huntgroup-"
    return {action["variable"].removeprefix(prefix).removesuffix(")"): action["value"] for action in actions}


@pytest.fixture
async def lamps() -> Lamps:
    """Of Anna, who has an extension, and of Cleo, who has none."""
    return Lamps(policy_of(operator("anna", "PJSIP/anna-desk", extension="101"), operator("cleo", "PJSIP/cleo")))


@pytest.mark.parametrize(
    ("presence", "login", "pause"),
    [
        (Presence.AVAILABLE, "INUSE", "NOT_INUSE"),
        (Presence.PAUSED, "INUSE", "INUSE"),
        (Presence.LOGGED_OUT, "NOT_INUSE", "NOT_INUSE"),
    ],
)
async def test_one_is_lit_while_logged_in_and_one_during_a_pause(
    lamps: Lamps, presence: Presence, login: str, pause: str
) -> None:
    assert shown(lamps.told(now("anna", presence))) == {"login-101": login, "pause-101": pause}


async def test_what_is_no_news_of_their_presence_changes_no_lamp(lamps: Lamps) -> None:
    lamps.told(now("anna", Presence.PAUSED))

    assert lamps.told(now("anna", Presence.PAUSED)) == []


async def test_who_has_no_extension_has_no_lamp(lamps: Lamps) -> None:
    assert lamps.told(now("cleo", Presence.PAUSED)) == []
    assert lamps.all() == []


async def test_a_pbx_that_is_found_is_told_all_of_them(lamps: Lamps) -> None:
    lamps.told(now("anna", Presence.PAUSED))

    assert shown(lamps.all()) == {"login-101": "INUSE", "pause-101": "INUSE"}


async def test_a_new_extension_has_the_lamps_from_the_next_telling_on(lamps: Lamps) -> None:
    lamps.told(now("anna", Presence.PAUSED))
    lamps.reconfigure(policy_of(operator("anna", "PJSIP/anna-desk", extension="201")))

    assert set(shown(lamps.all())) == {"login-201", "pause-201"}
