"""Deeds as they are kept and posted: nothing of a caller's gets through that could mean something."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.crm.deeds import Create, Known, RegisterCall, SetResponsible, as_data, decoded, encoded

AT = 1_790_000_000.25


def lead(name: str = "Jan", text: str = "") -> Create:
    return Create.model_validate(
        {
            "customer": "customer-17",
            "inquiry": "chat-8841",
            "operator": None,
            "kind": "lead",
            "name": name,
            "identities": (Known(kind="email", value="jan@shop.example"),),
            "channel": "chat",
            "source": "site-chat",
            "text": text,
            "at": AT,
        }
    )


@given(st.text(max_size=500), st.text(max_size=6000))
def test_any_text_is_kept_posted_and_read_again(name: str, text: str) -> None:
    deed = lead(name, text)

    assert decoded(encoded(deed)) == deed
    assert len(deed.name_given) <= 200
    assert len(deed.text) <= 4000
    assert all(each.isprintable() or each == "\n" for each in deed.text)


def test_an_instant_is_posted_in_utc() -> None:
    assert as_data(lead())["at"] == "2026-09-21T14:13:20.250Z"


def test_a_deed_is_posted_under_the_names_of_its_documentation() -> None:
    assert as_data(lead())["name"] == "Jan"
    assert "type" not in as_data(lead())


def test_the_key_of_a_deed_is_the_same_in_every_life_and_another_for_each_deed() -> None:
    def changed(at: float) -> SetResponsible:
        return SetResponsible(customer="customer-17", inquiry="chat-8841", operator="anna", at=at)

    assert lead("Jan").key() == lead("Someone else").key()
    assert len({lead().key(), changed(AT).key(), changed(AT + 1).key()}) == 3


def test_a_key_may_stand_in_a_header_and_in_what_is_signed() -> None:
    assert re.fullmatch(r"hg_[0-9a-f]{32}", lead().key())


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_a_duration_is_one(seconds: float) -> None:
    with pytest.raises(ValueError, match="waited"):
        RegisterCall(
            customer="",
            inquiry="call-1",
            direction="in",
            number="",
            line="101",
            started_at=AT,
            waited=seconds,
            talked=0,
            outcome="abandoned",
        )
