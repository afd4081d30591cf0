"""What holds when the file is silent, and what the models say of themselves."""

from pathlib import Path

import phonenumbers
import pytest
from pydantic import ValidationError
from tests.unit.settings.conftest import Accept

from huntgroup.adapters.ami.directory import Directory
from huntgroup.numbering import forms
from huntgroup.settings import Blending, Capacity, HangUp, KeepWaiting, Settings, Source, Telephony

GROUP = '[[operators]]\nid = "anna"\nphones = ["PJSIP/anna"]\n[[groups]]\nid = "sales"\noperators = ["anna"]\n'


@pytest.fixture
def silent(accept: Accept) -> Settings:
    """The settings of a file that says as little as it can."""
    return accept(f'{GROUP}[[numbers]]\nnumber = "+1 (202) 555-0101"\ngroup = "sales"\n')


def test_a_silent_file_has_no_broker_and_a_store_beside_it(silent: Settings, tmp_path: Path) -> None:
    assert silent.mqtt is None
    assert silent.store.path == tmp_path / "huntgroup.db"


def test_a_silent_pbx_has_the_manager_port_of_asterisk(silent: Settings) -> None:
    assert silent.pbx[0].port == 5038


def test_a_silent_operator_is_called_by_the_id_and_available(silent: Settings) -> None:
    anna = silent.operators[0]
    assert (anna.name, anna.start, anna.role) == ("anna", "available", "operator")
    assert anna.capacity == Capacity(call=1, chat=3, mail=20, form=20)


def test_a_silent_group_offers_in_order_for_four_rings_and_keeps_waiting(silent: Settings) -> None:
    group = silent.groups[0]
    assert (group.distribution, group.rings, group.hold, group.priority) == ("in_order", 4, "ringing", 0)
    assert (group.offer_timeout, group.max_wait, group.max_waiting, group.wrapup) == (60.0, None, None, 0.0)
    assert (group.check_availability, group.pickup, group.miss_limit, group.hours) == (True, True, 0, None)
    assert (group.on_unanswered, group.on_closed, group.on_full) == (KeepWaiting(), HangUp(cause=16), HangUp(cause=17))
    assert group.on_abandoned is None


def test_a_number_is_kept_without_its_decoration(silent: Settings) -> None:
    assert silent.numbers[0].number == "+12025550101"


def test_a_silent_number_asks_for_nobody_in_particular(silent: Settings) -> None:
    number = silent.numbers[0]
    assert (number.responsible_first, number.on_responsible_missed.action, number.create) == (False, "queue", "none")


def test_while_a_call_is_handled_neither_calls_nor_chats_are_offered(silent: Settings) -> None:
    assert silent.blending == Blending(call=("call", "chat"), chat=(), mail=(), form=())


@pytest.mark.parametrize(("channel", "mode"), [("chat", "offer"), ("mail", "assign"), ("form", "assign")])
def test_a_chat_is_offered_and_mail_and_forms_are_assigned(channel: str, mode: str) -> None:
    assert Source.model_validate({"id": "web", "channel": channel, "group": "sales"}).mode == mode


def test_one_ring_is_the_cadence_of_the_country() -> None:
    assert Telephony().ring_cadence_seconds == 6.0
    assert Telephony(country="uk").ring_cadence_seconds == 3.0


def test_one_ring_may_be_given_in_seconds(accept: Accept) -> None:
    telephony = accept('[telephony]\ncountry = "pl"\nring_seconds = 4\nunreachable_after = "2s"').telephony
    assert (telephony.ring_cadence_seconds, telephony.unreachable_after) == (4.0, 2.0)


@pytest.mark.parametrize("country", sorted(each.lower() for each in phonenumbers.SUPPORTED_REGIONS))
def test_every_country_with_numbers_can_be_configured(accept: Accept, country: str) -> None:
    telephony = accept(f'[telephony]\ncountry = "{country}"').telephony
    assert (telephony.country, forms("101", country)[0]) == (country, "101")


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ('country = "ua"', 5.0),
        ('country = "UA"\ncadence = "uk"', 3.0),
        ('country = "gb"', 3.0),
        ('country = "ca"', 6.0),
        ('country = "pl"\ncadence = "us"', 6.0),
        ('country = "ua"\ncadence = "us"\nring_seconds = 4', 4.0),
    ],
)
def test_ring_is_the_seconds_or_the_cadence_or_the_countrys(accept: Accept, lines: str, seconds: float) -> None:
    assert accept(f"[telephony]\n{lines}").telephony.ring_cadence_seconds == seconds


def test_numbers_of_a_country_without_a_cadence_are_read_as_its_own(accept: Accept) -> None:
    settings = accept(
        '[telephony]\ncountry = "ua"\n[[operators]]\nid = "anna"\nphones = ["PJSIP/anna"]\n'
        '[[groups]]\nid = "sales"\noperators = ["anna"]\n[[numbers]]\nnumber = "044 234 5678"\ngroup = "sales"'
    )
    assert Directory.of(settings).source("+380442345678") == "+380442345678"


def test_country_code_in_capitals_is_taken(accept: Accept) -> None:
    telephony = accept('[telephony]\ncountry = "PL"\ncallback_countries = ["PL", "uk", "gb"]').telephony
    assert (telephony.country, telephony.callback_countries) == ("pl", ("pl", "uk", "gb"))


@pytest.mark.parametrize(
    ("url", "host", "port", "is_tls"),
    [
        ("mqtt://127.0.0.1:1884", "127.0.0.1", 1884, False),
        ("mqtt://broker.example", "broker.example", 1883, False),
        ("mqtts://[::1]", "::1", 8883, True),
    ],
)
def test_a_brokers_address_has_a_host_and_a_port(accept: Accept, url: str, host: str, port: int, is_tls: bool) -> None:
    mqtt = accept(f'[mqtt]\nurl = "{url}"').mqtt
    assert mqtt is not None
    assert (mqtt.host, mqtt.port, mqtt.is_tls) == (host, port, is_tls)


def test_a_path_in_the_file_is_relative_to_the_file(accept: Accept, tmp_path: Path) -> None:
    assert accept('[store]\nurl = "sqlite:data/h.db"').store.path == tmp_path / "data" / "h.db"
    assert accept('[store]\nurl = "sqlite:/var/lib/h.db"').store.path == Path("/var/lib/h.db")


def test_settings_cannot_be_changed(silent: Settings) -> None:
    with pytest.raises(ValidationError):
        silent.groups[0].rings = 5  # type: ignore[misc]


def test_a_store_that_a_link_points_to_is_the_file_itself(accept: Accept, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")

    assert accept('[store]\nurl = "sqlite:link.db"').store.path == tmp_path / "real.db"
