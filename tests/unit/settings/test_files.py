"""Files that the settings name: only regular ones are read, nobody waits for one, and open ones are reported."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from huntgroup import app
from huntgroup.adapters.clock import Clock
from huntgroup.adapters.crm.web import Web
from huntgroup.adapters.mqtt.link import tls_context
from huntgroup.doctor.exam import settings_of
from huntgroup.doctor.findings import Outcome
from huntgroup.errors import ConfigError, StoreError
from huntgroup.ops import logs as logs_of_the_house
from huntgroup.settings import Mqtt, load
from huntgroup.settings.exposure import BESIDE_THE_STORE, exposed

CONFIG = """
[[pbx]]
id = "main"
host = "127.0.0.1"
username = "huntgroup"
secret_file = "ami"
[mqtt]
url = "mqtts://broker.example"
username = "huntgroup"
secret_file = "broker"
ca_file = "ca.pem"
cert_file = "cert.pem"
key_file = "key.pem"
[crm]
type = "http"
url = "https://crm.example/x"
secret_file = "crm"
ca_file = "crm-ca.pem"
[[operators]]
id = "anna"
phones = ["PJSIP/anna"]
"""
FILES = ("ami", "broker", "ca.pem", "cert.pem", "key.pem", "crm", "crm-ca.pem")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def terminal(path: Path) -> None:
    path.symlink_to("/dev/tty" if os.access("/dev/tty", os.R_OK) else "/dev/null")


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


IRREGULAR: dict[str, Callable[[Path], None]] = {
    "a pipe": pipe,
    "a folder": Path.mkdir,
    "a device": zero,
    "a terminal": terminal,
    "a file of a terabyte": sparse,
}
irregular = pytest.mark.parametrize("make", IRREGULAR.values(), ids=IRREGULAR)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_text("whsec_" + "A" * 40)
        (tmp_path / name).chmod(0o600)
    path = tmp_path / "huntgroup.toml"
    path.write_text(CONFIG)
    path.chmod(0o644)
    return path


def becomes(path: Path, make: Callable[[Path], None]) -> None:
    path.unlink()
    make(path)


# -- what is no regular file ------------------------------------------------------------------------------------------


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", FILES)
@irregular
def test_check_waits_for_no_file_that_is_named(config: Path, name: str, make: Callable[[Path], None]) -> None:
    becomes(config.parent / name, make)
    with pytest.raises(ConfigError) as caught:
        load(config)
    (problem,) = caught.value.problems
    assert str(config.parent / name) in problem.wrong
    assert "cannot be read" in problem.wrong


@pytest.mark.timeout(20)
@irregular
def test_check_waits_for_no_configuration(config: Path, make: Callable[[Path], None]) -> None:
    becomes(config, make)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(config)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("key", ["ca_file", "cert_file", "key_file"])
def test_a_link_to_the_broker_waits_for_no_file(tmp_path: Path, key: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    files = {"cert_file": tmp_path / "pipe", "key_file": tmp_path / "pipe"} if key != "ca_file" else {}
    settings = Mqtt.model_validate({"url": "mqtts://h", **files, key: tmp_path / "pipe"})
    with pytest.raises(OSError, match="is a pipe"):
        tls_context(settings)


@pytest.mark.timeout(20)
def test_a_crms_authorities_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is a pipe"):
        Web(1.0, tmp_path / "pipe", Clock())


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "words", [["customers", "import", "PIPE.csv"], ["simulate", "PIPE.toml"], ["check", "--config", "PIPE.toml"]]
)
def test_no_command_waits_for_a_pipe(config: Path, words: list[str]) -> None:
    for name in ("PIPE.csv", "PIPE.toml"):
        os.mkfifo(config.parent / name)
    subprocess.run([sys.executable, "-c", MAKES_THE_STORE, str(config.parent / "huntgroup.db")], check=True)
    arguments = [str(config.parent / each) if each.startswith("PIPE") else each for each in words]
    more = [] if words[0] != "customers" else ["--config", str(config)]
    done = subprocess.run(
        [sys.executable, "-m", "huntgroup", *arguments, *more], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode in (1, 2)
    assert "is a pipe" in done.stderr
    assert "Traceback" not in done.stderr


MAKES_THE_STORE = (
    "import sys; from pathlib import Path; from huntgroup.adapters.store.opening import open_store;"
    "open_store(Path(sys.argv[1]))"
)


def test_credentials_of_systemd_are_read(config: Path, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir(0o500)
    shutil.copy(config.parent / "ami", tmp_path / "secret")
    config.write_text(CONFIG.replace('"ami"', '"secret"'))
    (tmp_path / "secret").chmod(0o440)
    assert load(config).pbx[0].read_secret().startswith("whsec_")


# -- files that others may read or change -----------------------------------------------------------------------------


def reported(config: Path) -> dict[str, str]:
    return {each.file.name: each.wrong for each in exposed(config, load(config))}


def test_files_for_their_owner_alone_are_no_matter(config: Path) -> None:
    assert reported(config) == {}
    (config.parent / "ami").chmod(0o640)  # the group is the daemon's
    assert reported(config) == {}


@pytest.mark.parametrize("name", ["ami", "broker", "crm", "key.pem"])
@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o644, "every user of this machine may read it"),
        (0o660, "its group may change it"),
        (0o602, "every user of this machine may change it"),
        (0o666, "may read it and every user of this machine may change it"),
    ],
)
def test_a_secret_that_others_may_read_or_change_is_reported(config: Path, name: str, mode: int, words: str) -> None:
    (config.parent / name).chmod(mode)
    assert words in reported(config)[name]


@pytest.mark.parametrize(("mode", "is_reported"), [(0o644, False), (0o664, True), (0o646, True), (0o640, False)])
def test_a_configuration_that_others_may_change_is_reported(config: Path, mode: int, is_reported: bool) -> None:
    config.chmod(mode)
    assert (config.name in reported(config)) == is_reported


def test_a_configuration_with_mobiles_is_not_for_everybody(config: Path) -> None:
    config.write_text(CONFIG + 'mobile = "+48600100200"\n')
    assert "may read it" in reported(config)[config.name]
    config.chmod(0o640)
    assert reported(config) == {}


@pytest.mark.parametrize("ending", BESIDE_THE_STORE)
def test_a_store_that_others_may_read_is_reported(config: Path, ending: str) -> None:
    file = config.parent / f"huntgroup.db{ending}"
    file.touch()
    file.chmod(0o644)
    assert file.name in reported(config)


def test_check_doctor_and_daemon_report_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (config.parent / "ami").chmod(0o644)
    done = subprocess.run(
        [sys.executable, "-m", "huntgroup", "check", "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout.count("is fine")) == (0, 1)
    assert done.stderr.startswith("warning: ")
    assert f"chmod 600 {config.parent / 'ami'}" in done.stderr

    (found,) = [each for each in settings_of(config)[1] if each.check == "files.private"]
    assert found.outcome is Outcome.NOTE

    def ends(*_: object) -> None:
        raise StoreError(config, "enough")

    monkeypatch.setattr(app, "held", ends)
    monkeypatch.setattr(logs_of_the_house, "configure", lambda: None)
    with capture_logs() as logs, pytest.raises(StoreError):
        app.run(config)
    assert [each["event"] for each in logs if each["log_level"] == "warning"] == ["file.exposed"]
