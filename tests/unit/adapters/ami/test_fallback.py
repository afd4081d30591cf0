"""What the dialplan is told, to serve callers by itself."""

from typing import Any

import pytest
from tests.unit.adapters.ami.conftest import NUMBER, operator, policy_of

from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.fallback import LIST_MOST, beat, farewell, lists, publish, written
from huntgroup.adapters.ami.wire import MAX_LINE
from huntgroup.engine.policy import Distribution, Policy

ANNA, BEN = operator("anna", "PJSIP/anna-desk", "PJSIP/anna-soft"), operator("ben", "PJSIP/ben")
NO_PHONE = operator("writes-mail")
ONE = {"+48221234567": NUMBER}


def listed(policy: Policy) -> str:
    """The list of the one number there is."""
    (steps,) = lists(policy).values()
    return str(steps)


def test_operators_are_listed_in_order_and_their_phones_ring_together() -> None:
    assert listed(policy_of(ANNA, BEN, rings=4)) == "24|PJSIP/anna-desk&PJSIP/anna-soft|PJSIP/ben"


def test_where_all_ring_at_once_the_list_has_one_step() -> None:
    policy = policy_of(ANNA, BEN, distribution=Distribution.ALL_AT_ONCE)

    assert listed(policy) == "24|PJSIP/anna-desk&PJSIP/anna-soft&PJSIP/ben"


@pytest.mark.parametrize("distribution", Distribution)
def test_an_operator_without_a_phone_leaves_no_empty_step_that_would_end_the_list(distribution: Distribution) -> None:
    policy = policy_of(NO_PHONE, BEN, NO_PHONE, distribution=distribution)

    assert listed(policy) == "24|PJSIP/ben"


@pytest.mark.parametrize("distribution", Distribution)
def test_a_group_without_phones_has_a_list_without_steps(distribution: Distribution) -> None:
    assert listed(policy_of(NO_PHONE, distribution=distribution)) == "24"


async def test_each_number_has_its_variable_in_each_form_in_which_a_trunk_may_write_it() -> None:
    policy = policy_of(BEN)

    actions = publish(policy, written(policy, Directory(country="pl")))

    assert [action["variable"] for action in actions] == [
        f"GLOBAL(HUNTGROUP_LIST_{form})" for form in ("+48221234567", "48221234567", "0048221234567", "221234567")
    ]
    assert {action["value"] for action in actions} == {"24|PJSIP/ben"}


async def test_a_list_that_is_too_long_for_one_line_is_cut_after_a_phone(logged: list[Any]) -> None:
    many = [operator(f"o{number}", f"PJSIP/operator-{number:03}-desk") for number in range(100)]

    (action,) = publish(policy_of(*many), ONE)

    steps = action["value"].split("|")[1:]
    assert steps == [each.phones[0] for each in many][: len(steps)]
    assert LIST_MOST - 30 < len(action["value"]) <= LIST_MOST
    assert max(len(line) for line in str(action).split("\r\n")) <= MAX_LINE
    assert logged[0]["left_out"].split("|") == [each.phones[0] for each in many][len(steps) :]


async def test_where_all_ring_at_once_and_are_too_many_as_many_ring_as_fit() -> None:
    many = [operator(f"o{number}", f"PJSIP/operator-{number:03}-desk") for number in range(100)]

    (action,) = publish(policy_of(*many, distribution=Distribution.ALL_AT_ONCE), ONE)

    phones = action["value"].split("|")[1].split("&")
    assert phones == [each.phones[0] for each in many][: len(phones)]
    assert len(phones) > 30


async def test_a_beat_counts_for_6_seconds_on_the_clock_of_the_pbx() -> None:
    action = beat(1_795_282_404.25)

    assert (action["variable"], action["value"]) == ("GLOBAL(HUNTGROUP_ALIVE_UNTIL)", "1795282410.250")


async def test_the_farewell_counts_at_once() -> None:
    assert farewell()["value"] == "0"
