"""What the PBX calls things, and what a caller calls themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.adapters.ami.directory import Directory
from huntgroup.engine.events import Customer
from huntgroup.engine.ids import OperatorId, PhoneId
from huntgroup.numbering import table
from huntgroup.plain import clean

DIRECTORY = Directory(
    country="pl",
    numbers=table(["+48221234567"], "pl"),
    outbound="PJSIP/{number}@trunk",
    mobiles={OperatorId("anna"): "+48600100200"},
    callback_countries=("pl",),
)
ANNAS_MOBILE = PhoneId("mobile:anna")


@pytest.mark.parametrize("dialled", ["+48221234567", "48221234567", "0048221234567", "221234567"])
def test_a_dialled_number_is_the_configured_one_in_any_of_its_forms(dialled: str) -> None:
    assert DIRECTORY.source(dialled) == "+48221234567"


def test_any_other_is_what_it_is() -> None:
    assert DIRECTORY.source("101") == "101"


def test_a_phone_is_dialled_by_its_name_and_a_mobile_through_the_way_out() -> None:
    assert DIRECTORY.dialled_as(PhoneId("PJSIP/anna-desk")) == "PJSIP/anna-desk"
    assert DIRECTORY.dialled_as(ANNAS_MOBILE) == "PJSIP/+48600100200@trunk"


def test_a_mobile_that_nobody_has_or_that_there_is_no_way_to_cannot_be_dialled() -> None:
    assert DIRECTORY.dialled_as(PhoneId("mobile:ben")) is None
    assert Directory(mobiles=DIRECTORY.mobiles).dialled_as(ANNAS_MOBILE) is None


def test_a_leg_to_the_trunk_is_the_mobile_whose_number_was_dialled() -> None:
    assert DIRECTORY.mobile_at("PJSIP/trunk-00000001", "+48600100200@trunk") == ANNAS_MOBILE
    assert DIRECTORY.mobile_at("PJSIP/trunk-00000001", "+48600100201@trunk") is None
    assert DIRECTORY.mobile_at("SIP/trunk-00000001", "+48600100200@trunk") is None


def test_a_customer_is_known_by_number_and_can_be_called_back_by_an_ordinary_one() -> None:
    assert DIRECTORY.customer("Jan", "600700800") == Customer(name="Jan", phone="+48600700800", can_be_called_back=True)
    assert not DIRECTORY.customer("Jan", "+442079460018").can_be_called_back
    assert not DIRECTORY.customer("", "anonymous").can_be_called_back


def test_nobody_can_be_called_back_where_there_is_no_way_out() -> None:
    assert not Directory(country="pl", callback_countries=("pl",)).customer("Jan", "600700800").can_be_called_back


@pytest.mark.parametrize(
    "number",
    [
        "+48701234567",
        "0701234567",
        "0048801234567",
        "+881612345678",
        "00979123456789",
        "+48*701234567",
        "+4870123456789",
    ],
)
def test_a_number_that_costs_more_is_never_called_back(number: str) -> None:
    assert not DIRECTORY.customer("Jan", number).can_be_called_back


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Jan\r\nKowalski", "Jan Kowalski"),
        ("Jan\u00a0Kowalski\u3000", "Jan Kowalski"),
        ("\x1b[31mJan\x00", "[31mJan"),
        ("\u202egnp.exe", "gnp.exe"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("", ""),
    ],
)
def test_what_they_write_is_made_a_line_of_plain_text(text: str, plain: str) -> None:
    assert clean(text) == plain


@given(st.text())
def test_no_text_comes_through_with_anything_that_a_terminal_obeys(text: str) -> None:
    assert all(sign.isprintable() or sign in "\u200c\u200d" for sign in clean(text))


def test_of_two_who_share_a_mobile_it_is_the_one_who_was_to_be_rung() -> None:
    shared = Directory(
        country="pl",
        outbound="PJSIP/{number}@trunk",
        mobiles={OperatorId("anna"): "+48600100200", OperatorId("ben"): "+48600100200"},
    )
    leg = ("PJSIP/trunk-00000001", "+48600100200@trunk")

    assert shared.behind(*leg, PhoneId("mobile:ben")) == "mobile:ben"
    assert shared.behind(*leg, PhoneId("mobile:anna")) == shared.behind(*leg) == "mobile:anna"


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("+48600111222", "+48600111222"),
        ("600111222", "+48600111222"),
        ("0048600111222", "600111222"),
        ("600 111 222", "48600111222"),
        ("Sales:+48600111222", "+48600111222"),
        ("101", "101"),
    ],
)
def test_a_name_that_is_only_the_number_is_none(name: str, number: str) -> None:
    assert DIRECTORY.customer(name, number).name == ""


def test_a_label_that_the_pbx_puts_in_front_is_no_part_of_the_name() -> None:
    directory = Directory(country="pl", name_prefixes=("Sales:", "VIP "))
    assert directory.customer("Sales:Jan", "600700800").name == "Jan"
    assert directory.customer("VIP Jan", "600700800").name == "Jan"
    assert directory.customer("Sales:600 700 800", "600700800").name == ""
    assert directory.customer("Night:Jan", "600700800", "Night:").name == "Jan"
    assert directory.customer("Jan", "600700800", "Night:").name == "Jan"
