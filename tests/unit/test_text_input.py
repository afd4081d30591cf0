"""Text that is not Unicode, and JSON that no number or stack holds, at every door by which it may enter."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.adapters.ami import served
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.handovers import attempt_of
from huntgroup.adapters.crm.bitrix24.items import Item
from huntgroup.adapters.crm.web import Answer
from huntgroup.adapters.mqtt.payloads import instant
from huntgroup.adapters.store.customers.book import Change
from huntgroup.adapters.store.customers.moving import Import
from huntgroup.adapters.store.opening import connect, open_store
from huntgroup.codec import event_text
from huntgroup.crm.words import CrmAway
from huntgroup.customers.lists import BadList, Listed, from_csv
from huntgroup.engine.events import Customer, InquiryReceived
from huntgroup.engine.ids import InquiryId, SourceId
from huntgroup.engine.policy import Channel
from huntgroup.errors import ConfigError
from huntgroup.settings import load
from huntgroup.settings.secret import secret_in_environment
from huntgroup.settings.words import Complaint
from huntgroup.text_input import NotJson, clean, clean_json, is_clean, read_json
from tests.unit.adapters.ami.messages import read
from tests.unit.adapters.mqtt.conftest import House as Broker
from tests.unit.adapters.mqtt.conftest import at
from tests.unit.engine.scenario import group, policy
from tests.unit.settings.conftest import SHORTEST

HALF_A_PAIR, NUL, NOBODYS, LAST = "\ud83d", "\0", "\ufdd0", "\U0010ffff"
UNCLEAN = (HALF_A_PAIR, "\udcff", NUL, NOBODYS, "\ufffe", LAST)
ABSURD = {
    "an integer of 65 bits": b"18446744073709551616",
    "an integer of 5000 digits": b"9" * 5000,
    "a fraction that no double holds": b"1e400",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "too deep a list": b"[" * 100_000,
    "too deep a table": b'{"a":' * 100_000,
    "nothing": b"",
}
FACT = InquiryReceived(inquiry=InquiryId("c1"), channel=Channel.CALL, source=SourceId("s"), customer=Customer())

# -- the function -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unclean", UNCLEAN, ids=ascii)
def test_a_character_that_is_none_is_replaced(unclean: str) -> None:
    assert not is_clean(f"Jan{unclean}")
    assert clean(f"Jan{unclean} 😀 ż") == "Jan\ufffd 😀 ż"


@pytest.mark.parametrize("unclean", UNCLEAN, ids=ascii)
@pytest.mark.parametrize("is_ascii", [True, False])
def test_json_is_cleaned_however_it_is_written(unclean: str, is_ascii: bool) -> None:
    raw = json.dumps({unclean: [unclean]}, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    assert {each for each in clean_json(raw).decode() if not each.isascii()} <= {"\ufffd"}
    (key,), ((value,),) = read_json(raw), read_json(raw).values()
    assert set(key) == set(value) == {"\ufffd"}


@pytest.mark.parametrize("text", [r'{"a":"😀"}', r'{"a":"\ud83d\ude00"}', '{"a":"ż"}', '{"a": 1.5e3}', "no JSON"])
def test_json_that_is_clean_stays_byte_for_byte(text: str) -> None:
    raw = text.encode()
    assert clean_json(raw) is raw


@pytest.mark.parametrize("raw", ABSURD.values(), ids=ABSURD)
def test_json_beyond_what_can_be_held_is_refused(raw: bytes) -> None:
    with pytest.raises(NotJson):
        read_json(raw)
    assert clean_json(raw) == raw


@given(st.text(st.characters(codec=None)), st.integers(-(2**63), 2**63 - 1))
def test_whatever_is_read_can_be_written(text: str, number: int) -> None:
    raw = json.dumps({"text": text, "number": number}).encode()
    read = read_json(clean_json(raw))
    assert read["number"] == number
    assert read["text"].encode().decode() == clean(text)


# -- CRM --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unclean", UNCLEAN, ids=ascii)
def test_a_contact_with_half_a_character_can_be_written_down(unclean: str) -> None:
    body = json.dumps({"id": 5, "name": f"Jan{unclean}"}).encode()
    item = Item.model_validate(Answer(status=200, body=body, pause=None).json())
    assert "Jan\ufffd" in event_text(replace(FACT, customer=Customer(name=item.name or "")))[1]


@pytest.mark.parametrize("raw", ABSURD.values(), ids=ABSURD)
def test_a_crm_that_answers_what_nobody_can_hold_is_away(raw: bytes) -> None:
    with pytest.raises(CrmAway):
        Answer(status=200, body=raw, pause=None).json()


# -- MQTT -------------------------------------------------------------------------------------------------------------


def broker() -> Broker:
    return Broker(policy(group("sales", "anna", "ben")))


@pytest.mark.parametrize("unclean", UNCLEAN, ids=ascii)
async def test_a_chat_cut_within_an_emoji_is_taken(unclean: str) -> None:
    here = broker()
    chat = {"id": "chat-1", "source": "sales-chat", "text": f"Hi{unclean}", "customer": {"name": f"Jan{unclean}"}}
    await here.gets("inquiries/submit", json.dumps(chat).encode())
    kept = here.engine.world.inquiries[InquiryId("chat-1")]
    assert (kept.content.text, kept.customer.name) == ("Hi\ufffd", "Jan\ufffd")


async def test_a_chat_in_another_encoding_is_taken() -> None:
    here = broker()
    raw = '{"id":"chat-1","source":"sales-chat","text":"Dzień dobry"}'.encode("iso-8859-2")
    await here.gets("inquiries/submit", raw)
    assert here.engine.world.inquiries[InquiryId("chat-1")].content.text == "Dzie\ufffd dobry"


@pytest.mark.parametrize("raw", ABSURD.values(), ids=ABSURD)
async def test_a_message_that_nobody_can_hold_is_rejected(raw: bytes) -> None:
    here = broker()
    body = b'{"id":"chat-1","source":"sales-chat","priority":' + raw[:60_000] + b"}"
    (rejected,) = at("rejected", await here.gets("inquiries/submit", body))
    assert rejected["error"]["code"] in {"not_json", "invalid"}
    assert here.acknowledged == ["inquiries/submit"]
    assert here.engine.world.received == 0


# -- AMI --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unclean", [NUL, NOBODYS, "\ufffe", LAST], ids=ascii)
def test_a_callers_name_is_clean_text(unclean: str) -> None:
    said = read(f"Event: UserEvent\r\nCallerIDName: Jan{unclean}")["calleridname"]
    assert Directory().customer(said, "").name == "Jan"


def test_an_attempt_beyond_any_count_is_refused() -> None:
    with pytest.raises(ValueError, match="no number of an attempt"):
        attempt_of("9" * 10)


ENTRY = "a{number}|{uniqueid}|+48221234567||{answered}|{ended} b+ c+ d+"


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "9" * 16},
        {"uniqueid": "1%00"},
        {"uniqueid": "1/%2B/%23"},
        {"ended": "1e300"},
        {"ended": "99999999999999"},
        {"answered": "-1"},
        {"answered": "nan"},
    ],
    ids=str,
)
def test_a_call_served_by_the_pbx_with_absurd_fields_is_refused(wrong: dict[str, str]) -> None:
    right = {"number": "1", "uniqueid": "171.3", "answered": "", "ended": "1790000000.5"}
    assert served.entry(ENTRY.format(**right)).uniqueid == "171.3"
    with pytest.raises(ValueError, match=r"no (call|instant)"):
        served.entry(ENTRY.format(**{**right, **wrong}))


@pytest.mark.parametrize("seconds", [1e300, -1e300, float("inf"), float("nan"), 999_999_999_999.0])
def test_an_instant_beyond_any_calendar_is_published_as_the_nearest(seconds: float) -> None:
    assert instant(seconds).year in (1970, 9999)


# -- files and the command line ---------------------------------------------------------------------------------------


def test_a_list_with_nul_in_a_name_is_taken_without_it_and_says_so(tmp_path: Path) -> None:
    open_store(tmp_path / "huntgroup.db")
    rows = [Listed(2, "Jan\0", ("+48600700800",)), Listed(3, "Ewa", ("+48600700801",))]
    with connect(tmp_path / "huntgroup.db") as database:
        done = Import("pl", (), Change(0.0, "cli")).take(database, rows)
        names = {name for (name,) in database.execute("SELECT name FROM customer")}
    assert (done.created, [each.line for each in done.problems]) == (2, [2])
    assert names == {"Jan", "Ewa"}


def test_a_list_whose_first_field_is_huge_is_refused_with_its_line() -> None:
    with pytest.raises(BadList) as caught:
        list(from_csv(["x" * 200_000 + ",phone\n"]))
    assert caught.value.line == 1


@pytest.mark.parametrize("value", ['"\\ud83d"', '"\\u0000"', "9" * 5000, "0x" + "f" * 5000, "[" * 5000])
def test_a_configuration_with_what_is_no_text_is_refused_with_its_line(tmp_path: Path, value: str) -> None:
    path = tmp_path / "huntgroup.toml"
    path.write_text(f'{SHORTEST}[[operators]]\nid = "anna"\nphones = ["PJSIP/anna"]\nname = {value}\n')
    with pytest.raises(ConfigError) as caught:
        load(path, {"AMI_SECRET": "x"})
    assert caught.value.problems


def test_a_secret_in_the_environment_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(Complaint, match="is not UTF-8 text"):
        secret_in_environment("AMI", {"AMI": os.fsdecode(b"s\xff")})


def test_a_folder_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"\xff")
    folder.mkdir()
    (folder / "huntgroup.toml").write_text(SHORTEST)
    with pytest.raises(ConfigError, match="whose name is not UTF-8"):
        load(folder / "huntgroup.toml", {"AMI_SECRET": "x"})


@pytest.mark.parametrize(
    "arguments",
    [
        [b"explain", b"\xff"],
        [b"customers", b"find", b"\xed\xa0\x80"],
        [b"admin", b"set", b"group", b"sales", b"name=\xff"],
        [b"check", b"--config", b"/tmp/\xff.toml"],
    ],
    ids=["explain", "customers", "admin", "check"],
)
def test_an_argument_that_is_not_utf8_is_refused_in_words(tmp_path: Path, arguments: list[bytes]) -> None:
    config = tmp_path / "huntgroup.toml"
    config.write_text(SHORTEST)
    words = [sys.executable.encode(), b"-m", b"huntgroup", *arguments, b"--config", os.fsencode(config)]
    done = subprocess.run(words, capture_output=True, env={**os.environ, "AMI_SECRET": "x"}, check=False, timeout=60)
    assert done.returncode == 2
    assert b"is not UTF-8 text" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_name_is_shown_on_a_terminal_of_another_encoding(tmp_path: Path) -> None:
    config = tmp_path / "huntgroup.toml"
    config.write_text(f'{SHORTEST}[[operators]]\nid = "anna"\nname = "Łucja"\nphones = ["PJSIP/anna"]\n')
    words = [sys.executable, "-m", "huntgroup", "admin", "show", "--config", str(config)]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(words, capture_output=True, env=environment, check=False, timeout=60)
    assert (done.returncode, b"\\u0141ucja" in done.stdout) == (0, True)
