"""One way to write what a customer is known by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.customers.identities import Identity, Kind, email, handle, identities, older_form, phone


@pytest.mark.parametrize(
    "text", ["+48 600 700 800", "600700800", "0048600700800", "48600700800", "tel:+48-600-700-800", "(600) 700.800"]
)
def test_a_number_is_one_number_however_it_is_written(text: str) -> None:
    found = phone(text, "pl")
    assert found is not None
    assert found.value == "+48600700800"


@pytest.mark.parametrize("text", ["", "101", "anonymous", "unknown", "+48", "0", "9" * 400, "+266696687"])
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
    "text",
    [
        "Jan Kowalski <jan@example.org>",
        '"Kowalski, Jan" <Jan@Example.org>',
        "mailto:jan@example.org",
        "MAILTO:jan@example.org?subject=Hello",
        "<mailto:jan@example.org>",
        "E-mail: jan@example.org",
        "jan@example.org (work)",
        "jan@example.org, maria@example.org",
        "\u200bjan@\u200bexample.org",
        "\uff4aan\uff20example.org",  # full-width
        "'jan@example.org'",
        "jan@example.org\r\n",
    ],
)
def test_an_address_is_read_as_programs_and_people_write_it(text: str) -> None:
    assert email(text) == Identity(Kind.EMAIL, "jan@example.org")


def test_a_domain_in_letters_and_in_its_form_of_the_dns_are_one() -> None:
    assert email("jan@\u017c\u00f3\u0142w.pl") == email("Jan@XN--W-uga1v8h.PL") == email("jan@\u017b\u00d3\u0141W.pl")
    assert email("jan@strasse.de") != email("jan@stra\u00dfe.de")  # two domains, with two owners


def test_an_address_that_an_earlier_version_wrote_is_known_in_that_form() -> None:
    found = email("jan@\u017c\u00f3\u0142w.pl")
    assert found is not None
    assert older_form(found) == Identity(Kind.EMAIL, "jan@\u017c\u00f3\u0142w.pl")
    assert older_form(Identity(Kind.EMAIL, "jan@example.org")).value == "jan@example.org"
    strasse = email("jan@stra\u00dfe.de")
    assert strasse is not None
    assert older_form(strasse) == strasse  # they wrote it as the other domain


def test_a_machine_is_none_with_a_name_in_front_either() -> None:
    assert email("Shop <no-reply@shop.org>") is None


def test_a_handle_has_nothing_that_cannot_be_seen() -> None:
    assert handle("tele\u200bgram", "\uff20Jan\u2066") == handle("telegram", "jan")


@given(phone_text=st.text(), email_text=st.text(), network=st.text(), name=st.text())
def test_whatever_is_sent_is_normal_already_or_nobodys(
    phone_text: str, email_text: str, network: str, name: str
) -> None:
    found = identities("pl", phone_text=phone_text, email_text=email_text, handles=[(network, name)])
    for kind, value in found:
        network, _, name = value.partition(":")
        again = {"phone": phone(value, "us"), "email": email(value), "handle": handle(network, name)}
        assert again[kind] == (kind, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("mail:mail:jan@example.org", "jan@example.org"),
        ("''jan@example.org''", "jan@example.org"),
        ("mailto:mail:'jan@example.org'", "jan@example.org"),
    ],
)
def test_address_in_several_wrappings_is_the_address(text: str, value: str) -> None:
    assert email(text) == Identity(Kind.EMAIL, value)


def test_machines_address_in_several_wrappings_is_nobodys() -> None:
    assert email("mail:mail:noreply@example.org") is None


@pytest.mark.parametrize("name", ["@@jan", "@ jan", "@ @jan"])
def test_handle_with_several_at_signs_is_the_handle(name: str) -> None:
    assert handle("telegram", name) == Identity(Kind.HANDLE, "telegram:jan")


WRAPPING = st.lists(st.sampled_from(["'", "@", ":", " ", "mail:", "mailto:", "ẞ", "İ", "ſ", "\u200d", "\u0345"]))


@given(WRAPPING.map("".join), st.text(max_size=3), WRAPPING.map("".join))
def test_identity_that_is_read_again_stays_the_same(before: str, name: str, behind: str) -> None:
    address = email(f"{before}{name}jan@example.org{behind}")
    assert address is None or email(address.value) == address
    named = handle("telegram", f"{before}{name}{behind}")
    assert named is None or handle(*named.value.split(":", 1)) == named
