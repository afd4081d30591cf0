"""One way to write what a customer is known by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.customers.identities import agree, email, handle, identities, phone


@pytest.mark.parametrize(
    "text", ["+48 600 700 800", "600700800", "0048600700800", "48600700800", "tel:+48-600-700-800", "(600) 700.800"]
)
def test_a_number_is_one_number_however_it_is_written(text: str) -> None:
    found = phone(text, "pl")
    assert found is not None
    assert found.value == "+48600700800"


@pytest.mark.parametrize(
    "text", ["", "101", "anonymous", "unknown", "+48", "0", "600700800 ext. 5", "9" * 400, "+266696687"]
)
def test_what_is_no_public_number_is_nobodys(text: str) -> None:
    assert phone(text, "pl") is None


def test_a_national_trunk_prefix_in_brackets_is_none_of_the_number() -> None:
    found = phone("+44 (0)20 7946 0958", "pl")
    assert found is not None
    assert found.value == "+442079460958"


@pytest.mark.parametrize("text", ["Jan@Example.ORG", " jan@example.org ", "<jan@example.org>", "jan@example.org."])
def test_an_address_is_one_address_in_any_case(text: str) -> None:
    found = email(text)
    assert found is not None
    assert found.value == "jan@example.org"


@pytest.mark.parametrize(
    "text", ["", "jan", "@example.org", "jan@", "a b@example.org", "a\nb@c.org", "no-reply@shop.org", "bounce+1@x.org"]
)
def test_what_is_no_persons_address_is_nobodys(text: str) -> None:
    assert email(text) is None


def test_a_handle_belongs_to_its_network() -> None:
    assert handle("Telegram", "@Jan") == handle("telegram ", "jan") != handle("viber", "jan")
    assert handle("telegram", "@") is None
    assert handle("a:b", "c") is None


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("Jan Kowalski", "KOWALSKI, Jan", True),
        ("Jan", "Jan Kowalski", True),
        ("J. Kowalski", "Jan Kowalski", True),
        ("", "Jan Kowalski", True),
        ("Łukasz Żak", "lukasz zak", True),
        ("Jan Kowalski", "Maria Kowalska", False),
        ("Jan Kowalski", "Jan Nowak", False),
    ],
)
def test_names_agree_or_do_not(one: str, other: str, is_one: bool) -> None:
    assert agree(one, other) is agree(other, one) is is_one


@given(phone_text=st.text(), email_text=st.text(), network=st.text(), name=st.text())
def test_whatever_is_sent_is_normal_already_or_nobodys(
    phone_text: str, email_text: str, network: str, name: str
) -> None:
    found = identities("pl", phone_text=phone_text, email_text=email_text, handles=[(network, name)])
    for kind, value in found:
        network, _, name = value.partition(":")
        again = {"phone": phone(value, "us"), "email": email(value), "handle": handle(network, name)}
        assert again[kind] == (kind, value)
