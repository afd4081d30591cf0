"""Secrets: where they may be, and that they are readable before the daemon starts."""

from pathlib import Path

import pytest
from tests.unit.settings.conftest import ENVIRONMENT, Accept, Problems, Told

from huntgroup.errors import ConfigError
from huntgroup.settings import load

PBX = '[[pbx]]\nid = "main"\nhost = "127.0.0.1"\nusername = "huntgroup"\n'
MQTT = '[mqtt]\nurl = "mqtt://127.0.0.1"\n'


def test_a_secret_is_read_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "ami.secret").write_text("s3cret \n")
    path = tmp_path / "huntgroup.toml"
    path.write_text(f'{PBX}secret_file = "ami.secret"')
    pbx = load(path, {}).pbx[0]
    assert pbx.secret_file == tmp_path / "ami.secret"
    assert pbx.read_secret() == "s3cret "


def test_a_secret_is_read_from_the_environment(accept: Accept) -> None:
    assert accept("").pbx[0].read_secret(ENVIRONMENT) == "s3cret"


@pytest.mark.parametrize(("held", "secret"), [("x", "x"), ("x\n", "x"), ("x\r\n", "x"), (" x", " x")])
def test_only_the_line_break_at_the_end_is_taken_off(tmp_path: Path, held: str, secret: str) -> None:
    (tmp_path / "ami.secret").write_bytes(held.encode())
    path = tmp_path / "huntgroup.toml"
    path.write_text(f'{PBX}secret_file = "ami.secret"')
    assert load(path, {}).pbx[0].read_secret() == secret


@pytest.mark.parametrize(
    ("held", "wrong"),
    [
        (None, "cannot be read (no such file or directory)"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"a\nb", "holds more than one line of text"),
        (b"a\n\n", "holds more than one line of text"),
        (b"a\0b", "holds more than one line of text"),
        (b"x" * 5000, "holds more than one line of text"),
        (b"\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_a_secret_file_that_cannot_be_used_is_told(
    problems: Problems, tmp_path: Path, held: bytes | None, wrong: str
) -> None:
    if held is not None:
        (tmp_path / "ami.secret").write_bytes(held)
    (problem,) = problems(f'{PBX}secret_file = "ami.secret"\n')
    assert (problem.line, problem.key) == (5, "pbx[0].secret_file")
    assert problem.wrong == f"{tmp_path / 'ami.secret'} {wrong}"


def test_a_variable_that_is_not_set_is_told(problems: Problems) -> None:
    (problem,) = problems(f'{PBX}secret_env = "NOWHERE"\n')
    assert (problem.line, problem.key) == (5, "pbx[0].secret_env")
    assert problem.wrong == "the environment variable NOWHERE is not set"


def test_a_pbx_needs_a_secret(problems: Problems) -> None:
    (problem,) = problems(PBX)
    assert (problem.line, problem.key, problem.wrong) == (1, "pbx[0].secret_file", "is missing")
    assert problem.right == "give secret_file or secret_env"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f'{MQTT}username = "huntgroup"',
            "mqtt.secret_file: is missing; give secret_file or secret_env",
        ),
        (
            f'{MQTT}secret_env = "AMI_SECRET" # here',
            "mqtt.secret_env: a secret without a username; add the username it belongs to",
        ),
        (
            f'{MQTT}username = "huntgroup"\nsecret_file = "huntgroup.toml"\nsecret_env = "AMI_SECRET"',
            "mqtt.secret_env: the secret has two places; keep secret_file or secret_env",
        ),
        (
            f'{MQTT}ca_file = "huntgroup.toml" # here',
            "mqtt.ca_file: has no use with mqtt://; write the url with mqtts://",
        ),
        (
            '[mqtt] # here\nurl = "mqtts://h"\ncert_file = "huntgroup.toml"',
            "mqtt.key_file: is missing beside cert_file; add `key_file`, or leave both out",
        ),
    ],
)
def test_a_login_or_a_certificate_is_whole_or_absent(told: Told, text: str, words: str) -> None:
    assert words in told(text)


def test_a_certificate_file_that_is_not_there_is_told(told: Told, tmp_path: Path) -> None:
    words = told('[mqtt]\nurl = "mqtts://h"\nca_file = "ca.pem" # here')
    assert words[0].startswith(f"mqtt.ca_file: {tmp_path / 'ca.pem'} cannot be read")


def test_a_broker_without_a_login_needs_no_secret(accept: Accept) -> None:
    assert accept(MQTT).mqtt is not None


def test_no_secret_is_kept_or_shown_by_the_settings(accept: Accept) -> None:
    settings = accept("")
    settings.pbx[0].read_secret(ENVIRONMENT)
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in settings.model_dump_json()


def test_a_secret_that_has_gone_since_the_file_was_checked_is_a_configuration_error(tmp_path: Path) -> None:
    secret = tmp_path / "ami.secret"
    secret.write_text("x")
    path = tmp_path / "huntgroup.toml"
    path.write_text(f'{PBX}secret_file = "ami.secret"')
    pbx = load(path, {}).pbx[0]
    secret.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        pbx.read_secret()


def test_a_login_without_any_secret_is_a_configuration_error(accept: Accept) -> None:
    mqtt = accept(MQTT).mqtt
    assert mqtt is not None
    with pytest.raises(ConfigError, match="names no secret"):
        mqtt.read_secret()
