"""Single values: what each kind reads, and what it lets through to no dialplan, topic or wire."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from huntgroup.settings import values
from huntgroup.settings.words import Complaint


def accepts(annotation: Any, value: object) -> bool:
    try:
        TypeAdapter(annotation).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20s", 20), ("5m", 300), ("12h", 43200), ("1.5s", 1.5), ("500ms", 0.5), ("2d", 172800), ("0s", 0)],
)
def test_a_duration_is_read_into_seconds(text: str, seconds: float) -> None:
    assert values.read_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "20", "s", "-5s", "20 s", "20S", "5min", "1e3s", "٣s", "20s\n", ".5s", "400d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Complaint):
        values.read_duration(text)


@pytest.mark.parametrize("number", [20, 1.5])
def test_a_bare_number_is_told_the_unit_it_lacks(number: float) -> None:
    with pytest.raises(Complaint) as caught:
        values.read_duration(number)
    assert caught.value.wrong == f"{number} has no unit"
    assert f'"{number}s"' in caught.value.right


def test_a_duration_that_must_take_time_is_not_zero() -> None:
    assert accepts(values.Duration, "0s")
    assert not accepts(values.PositiveDuration, "0s")


@pytest.mark.parametrize(
    "phone",
    [
        "PJSIP/anna-desk",
        "SIP/101",
        "IAX2/branch_2",
        "DAHDI/1",
        "SCCP/7940",
        "Local/101@from-internal",
        "Local/101@from-internal/n",
    ],
)
def test_a_phone_is_a_technology_and_a_resource(phone: str) -> None:
    assert values.read_phone(phone) == phone


@pytest.mark.parametrize(
    "phone",
    [
        "anna",
        "PJSIP/",
        "/anna",
        "Motif/anna",
        "PJSIP/a&PJSIP/b",
        "PJSIP/a,30",
        "PJSIP/a|b",
        "PJSIP/a^b",
        "PJSIP/${EXTEN}",
        "PJSIP/$[1+1]",
        "PJSIP/a b",
        "PJSIP/a\n",
        "PJSIP/a\r\nAction: Originate",
        "PJSIP/anna@trunk",
        "PJSIP/trunk/sip:1@host",
        "PJSIP/ánna",
        "Local/101",
        "Local/101@a@b",
        "Local/101@a/n/n",
    ],
)
def test_a_phone_that_could_mean_more_than_a_phone_is_refused(phone: str) -> None:
    with pytest.raises(Complaint):
        values.read_phone(phone)


def test_a_technology_in_the_wrong_case_is_told_the_right_one() -> None:
    with pytest.raises(Complaint) as caught:
        values.read_phone("pjsip/anna")
    assert caught.value.right == "did you mean `PJSIP`?"


@given(st.text())
def test_no_phone_holds_a_character_that_a_dialplan_could_obey(resource: str) -> None:
    try:
        phone = values.read_phone(f"PJSIP/{resource}")
    except Complaint:
        return
    assert not set(phone) & set("&,|^$(){}[]\"'\\;\r\n\0 ")


@pytest.mark.parametrize(
    ("written", "plain"),
    [("+48 22 123-45-67", "+48221234567"), ("(0)22 [1]", "0221"), ("101", "101")],
)
def test_a_number_loses_its_decoration(written: str, plain: str) -> None:
    assert values.read_number(written) == plain


@pytest.mark.parametrize("number", ["", "+", "12+3", "++1", "12a", "١٢", "1\n2", "s", "_X."])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(Complaint):
        values.read_number(number)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (values.Id, ["a", "anna", "0-x_y", "a" * 63], ["", "Anna", "-a", "a/b", "a+", "#", "a" * 64, "a\n", "ą"]),
        (values.Extension, ["101", "*11", "#9"], ["", "1a", "1 2", "101\n", "_X."]),
        (values.DialledNumber, ["+48 22", "*97", "112"], ["", "tom", "1&2", "1,2"]),
        (
            values.Outbound,
            ["PJSIP/{number}@trunk", "DAHDI/g1/{number}", "PJSIP/trunk/{number}"],
            [
                "PJSIP/1@trunk",
                "PJSIP/{number}{number}",
                "{number}",
                "X/{number}",
                "PJSIP/{number}&SIP/x",
                "SIP/${number}",
            ],
        ),
        (values.TopicPrefix, ["huntgroup", "acme/hunt"], ["", "/a", "a/", "a/+", "#", "$SYS", "a b", "a\0"]),
        (
            values.BrokerUrl,
            ["mqtt://127.0.0.1:1883", "mqtts://broker.example", "mqtt://[::1]:1883", "mqtt://h/"],
            [
                "",
                "http://h",
                "h:1883",
                "mqtt://",
                "mqtt://h:0",
                "mqtt://h:99999",
                "mqtt://u:p@h",
                "mqtt://h/x",
                "mqtt://[",
            ],
        ),
        (values.Host, ["127.0.0.1", "pbx.example", "::1"], ["", "a b", "h\r\nX: y", "http://h"]),
        (values.Mailbox, ["sales", "100@default"], ["", "a@b@c", "a&b", "a,u"]),
        (values.Sound, ["custom/closed", "beep"], ["", "a&b", "a,b", "${X}"]),
        (values.EnvironmentName, ["AMI_SECRET", "_x1"], ["", "1A", "A=B", "my secret"]),
        (values.Text, ["Anna Nowak", "客服"], ["", "  ", "a\nb", "a\x1b[0m", "x" * 201]),
        (
            values.StoreUrl,
            ["sqlite:x.db", "sqlite:/var/x.db"],
            ["x.db", "sqlite:", "sqlite::memory:", "sqlite:///x", "postgresql://h"],
        ),
        (values.Cause, [1, 16, 127, "busy", "no_answer", "unallocated"], [0, 128, True, 17.0, "17", "bussy", None]),
        (values.Country, ["pl", "us", "uk", "PL", "gb", "ua", "us-old"], ["xx", "", "Poland", "001", "ıe", 1]),
        (values.RingCadence, ["pl", "us", "uk", "us-old"], ["PL", "gb", "ua", "xx", "", 1]),
    ],
)
def test_each_kind_lets_through_just_what_it_is_for(kind: Any, good: list[object], bad: list[object]) -> None:
    assert [value for value in good if not accepts(kind, value)] == []
    assert [value for value in bad if accepts(kind, value)] == []


@pytest.mark.parametrize(("name", "number"), [("busy", 17), ("no_answer", 19), ("congestion", 34), ("normal", 16)])
def test_a_cause_may_be_named(name: str, number: int) -> None:
    assert TypeAdapter(values.Cause).validate_python(name) == number
