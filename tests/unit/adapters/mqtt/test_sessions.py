"""Under which client id the daemon has its session, and what follows when another client takes it."""

from pathlib import Path

import pytest

from huntgroup.adapters.mqtt.client import CALM_SECONDS, SHORT_LEAST, TAKEN_FIRST, TAKEN_MOST, Takeovers
from huntgroup.adapters.mqtt.link import TAKEN_OVER
from huntgroup.adapters.mqtt.sessions import client_id, plain_id
from huntgroup.adapters.store.opening import open_store
from huntgroup.adapters.store.sessions import BrokerSessions
from huntgroup.settings import Mqtt


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("correct horse")
    return path


def settings(secret: Path, **more: object) -> Mqtt:
    return Mqtt.model_validate({"url": "mqtt://127.0.0.1", "username": "huntgroup", "secret_file": secret, **more})


def test_the_client_id_cannot_be_guessed_and_stays_the_same(secret: Path) -> None:
    name = client_id(settings(secret))
    assert name == client_id(settings(secret))
    assert name != plain_id("huntgroup")
    assert len(name.removeprefix("huntgroup-")) == 32
    secret.write_text("another one")
    assert client_id(settings(secret)) != name


def test_two_daemons_at_one_broker_have_two_client_ids(secret: Path) -> None:
    ids = {client_id(settings(secret, prefix=prefix)) for prefix in ("a/b", "a-b")}
    ids |= {client_id(settings(secret, username=name)) for name in ("one", "two")}
    assert len(ids) == 4


def test_a_client_certificate_is_a_secret_as_well(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a private key")
    by_key = Mqtt.model_validate({"url": "mqtts://127.0.0.1", "cert_file": key, "key_file": key})
    assert client_id(by_key) != plain_id("huntgroup")


def test_an_anonymous_daemon_keeps_the_id_of_earlier_versions() -> None:
    assert client_id(Mqtt.model_validate({"url": "mqtt://127.0.0.1"})) == "huntgroup-huntgroup"


def test_a_session_that_is_taken_again_and_again_is_taken_back_ever_later() -> None:
    takeovers = Takeovers()
    waits = [takeovers.ended(TAKEN_OVER, 1.0) for _ in range(6)]
    assert waits == [5.0, 10.0, 20.0, 40.0, TAKEN_MOST, TAKEN_MOST]
    assert takeovers.ended(None, CALM_SECONDS) is None
    assert takeovers.ended(TAKEN_OVER, 1.0) == TAKEN_FIRST


def test_a_broker_that_closes_each_connection_at_once_counts_as_a_takeover() -> None:
    takeovers = Takeovers()
    assert [takeovers.ended(None, 0.5) for _ in range(SHORT_LEAST)] == [None] * (SHORT_LEAST - 1) + [TAKEN_FIRST]


def test_a_broker_that_is_restarted_or_away_does_not() -> None:
    takeovers = Takeovers()
    for end, lived in ((0x8B, 1.0), (None, 3600.0), (None, float("-inf"))) * 5:
        assert takeovers.ended(end, lived) is None


def test_the_ids_of_earlier_secrets_are_remembered_until_their_session_is_over(tmp_path: Path) -> None:
    open_store(tmp_path / "huntgroup.db")
    sessions = BrokerSessions(tmp_path / "huntgroup.db")
    assert sessions.others("first") == []
    assert sessions.others("second") == ["first"]
    sessions.forget("first")
    assert sessions.others("second") == []
    assert sessions.others("third") == ["second"]


def test_a_store_that_cannot_be_read_costs_no_start(tmp_path: Path) -> None:
    (tmp_path / "huntgroup.db").write_text("not a database at all")
    assert BrokerSessions(tmp_path / "huntgroup.db").others("first") == []
