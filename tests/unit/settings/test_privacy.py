"""What of the configuration leaves the machine: no place of a secret, no address that is one, nobody's own number."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.unit.settings.test_editing import ENVIRONMENT, FILE, set_group

from huntgroup.errors import ChangeRefused, ConfigError
from huntgroup.settings import load
from huntgroup.settings.base import tables_in
from huntgroup.settings.changes import ADMINISTRATION
from huntgroup.settings.differences import PRIVATE, differences, published, published_problem
from huntgroup.settings.editing import Asker, carry_out
from huntgroup.settings.models import Settings
from huntgroup.settings.secret import HoldsSecret

MOBILE = "+48600100200"
SECRETS = {
    "pbx secret": "private/ami",
    "mqtt secret": "private/broker",
    "mqtt key": "private/key.pem",
    "mqtt certificate": "private/cert.pem",
    "authorities": "private/ca.pem",
    "crm secret": "private/crm-key",
    "crm address": "token-in-path",
    "store": "elsewhere.db",
}
WHOLE = f"""\
[store]
url = "sqlite:{SECRETS["store"]}"
[mqtt]
url = "mqtts://broker.example"
username = "huntgroup"
secret_file = "{SECRETS["mqtt secret"]}"
ca_file = "{SECRETS["authorities"]}"
cert_file = "{SECRETS["mqtt certificate"]}"
key_file = "{SECRETS["mqtt key"]}"
[crm]
type = "http"
url = "https://crm.example/hook/{SECRETS["crm address"]}?key=x"
secret_file = "{SECRETS["crm secret"]}"
{FILE.replace('secret_env = "AMI_SECRET"', f'secret_file = "{SECRETS["pbx secret"]}"')}"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for name in SECRETS.values():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("whsec_" + "A" * 40 + "\n")
    path = tmp_path / "huntgroup.toml"
    path.write_text(WHOLE)
    return path


def in_it(text: str) -> list[str]:
    """Which secrets a text gives away."""
    return [what for what, value in SECRETS.items() if value in text]


def asks(config: Path, who: str, command: dict[str, Any]) -> Any:
    asker = Asker(name=who, in_force=load(config), environment=ENVIRONMENT)
    return carry_out(config, asker, ADMINISTRATION.validate_python(command))


@pytest.mark.parametrize("who", ["", "ben", "cleo"])
def test_show_names_no_place_of_a_secret(config: Path, who: str) -> None:
    shown = asks(config, who, {"type": "show"}).shown
    assert in_it(json.dumps(shown)) == []
    assert (MOBILE in json.dumps(shown)) == (who != "ben")  # a supervisor sees who there is


def test_a_change_of_any_peer_is_told_without_its_values(config: Path) -> None:
    before = load_data(config)
    other = WHOLE.replace("token-in-path", "another-token").replace("crm-key", "ca.pem").replace("key.pem", "k")
    config.write_text(other)
    found = differences(before, load_data(config))
    assert {each.key for each in found} == {"crm.url", "crm.secret_file", "mqtt.key_file"}
    assert {each.before for each in found} | {each.after for each in found} == {"…"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"id": "cleo", "mobile": MOBILE}, {"id": "cleo", "mobile": "+48600100201"}),
        ({"id": "cleo"}, {"id": "cleo", "mobile": MOBILE}),
        ({"id": "cleo", "mobile": MOBILE}, None),
        (None, {"id": "cleo", "mobile": MOBILE, "role": "operator"}),
    ],
)
def test_no_event_tells_an_operators_mobile(before: Any, after: Any) -> None:
    one, other = ({"operators": [each] if each else []} for each in (before, after))
    told = [published(each) for each in differences(one, other)]
    assert told
    assert "+48" not in repr(told)
    assert "…" in repr(told)


def test_every_peer_with_a_secret_is_private() -> None:
    for name, field in Settings.model_fields.items():
        if any(issubclass(table, HoldsSecret) for table in tables_in(field.annotation)):
            assert name in PRIVATE


def test_a_rejected_file_is_told_to_everybody_without_places(config: Path) -> None:
    (config.parent / SECRETS["mqtt secret"]).unlink()
    config.write_text(WHOLE.replace(f'mobile = "{MOBILE}"', f'mobile = "x{MOBILE}"').replace("rings = 4", "rings = 0"))
    with pytest.raises(ConfigError) as caught:
        load(config)
    told = "\n".join(map(published_problem, caught.value.problems))
    assert in_it(told) == []
    assert MOBILE not in told
    assert str(config.parent) not in told
    assert "groups[0].rings: is 0; it must be at least 1" in told
    assert "mqtt.secret_file: is wrong" in told


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_supervisor_does_not_hear_which_secret_cannot_be_read(config: Path, when: str) -> None:
    in_force = load(config)
    (config.parent / SECRETS["crm secret"]).unlink()
    asker = Asker(name="ben", in_force=in_force, environment=ENVIRONMENT)
    command = set_group("sales", rings=3 if when == "before" else 0)
    with pytest.raises(ChangeRefused) as caught:
        carry_out(config, asker, ADMINISTRATION.validate_python(command))
    assert in_it(str(caught.value)) == []
    assert "crm.secret_file: is wrong" in str(caught.value)


def load_data(config: Path) -> dict[str, Any]:
    return tomllib.loads(config.read_text())
