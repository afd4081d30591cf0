"""What the README has an administrator type, run in a folder of its own: it fits the unit and Asterisk."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
UNIT = (ROOT / "systemd" / "huntgroup.service").read_text(encoding="utf-8")
PLAIN, FREEPBX = "3. **The AMI user.**", "**FreePBX**"


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """A house in which Asterisk is installed."""
    asterisk = tmp_path / "asterisk"
    asterisk.mkdir()
    (asterisk / "manager.conf").write_text('[general]\nenabled = yes\n#include "manager.d/*.conf"\n')
    (asterisk / "huntgroup").mkdir()
    return tmp_path


def typed(etc: Path, after: str) -> None:
    """Run the first commands below these words, as root would with the shell's usual umask."""
    found = re.search(r"```sh\n(.*?)```", README[README.index(after) :], re.DOTALL)
    assert found is not None
    commands = [line for line in found[1].splitlines() if "fwconsole" not in line]
    script = "\n".join(["umask 022", *commands]).replace("/etc/", f"{etc}/")
    subprocess.run(["bash", "-euc", script], cwd=ROOT, check=True)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("after", [PLAIN, FREEPBX])
def test_the_service_which_is_nobody_in_particular_can_get_at_its_configuration(etc: Path, after: str) -> None:
    """systemd makes a user up for it, and leaves a folder of /etc that is there as it is."""
    assert "DynamicUser=yes" in UNIT
    assert "ConfigurationDirectory=huntgroup" in UNIT
    typed(etc, after)

    assert mode(etc / "huntgroup") == 0o755


@pytest.mark.parametrize("after", [PLAIN, FREEPBX])
def test_nobody_but_root_can_read_the_secret_which_systemd_hands_to_the_service(etc: Path, after: str) -> None:
    assert "LoadCredential=ami.secret:/etc/huntgroup/ami.secret" in UNIT
    typed(etc, after)

    secret = etc / "huntgroup" / "ami.secret"
    assert mode(secret) == 0o600
    assert len(secret.read_text().strip()) == 48


def test_asterisk_is_told_the_same_secret_where_only_its_own_user_can_read_it(etc: Path) -> None:
    typed(etc, PLAIN)

    told = etc / "asterisk" / "manager.d" / "huntgroup.conf"
    assert told.read_text().endswith(f"secret = {(etc / 'huntgroup' / 'ami.secret').read_text()}")
    assert mode(told.parent) == 0o750
    assert (told.stat().st_uid, told.stat().st_gid) == (etc.stat().st_uid, etc.stat().st_gid)


def test_freepbx_finds_the_user_the_dialplan_and_the_codes_in_files_that_it_does_not_write(etc: Path) -> None:
    typed(etc, FREEPBX)

    asterisk = etc / "asterisk"
    assert "[huntgroup]" in (asterisk / "manager_custom.conf").read_text()
    assert (asterisk / "extensions_custom.conf").read_text() == '#include "huntgroup/*.conf"\n'
    assert (asterisk / "huntgroup" / "freepbx.conf").read_text() == (
        "\n[from-internal-custom]\ninclude => huntgroup-features\n"
    )


def unit_section(name: str) -> list[str]:
    """The lines of a section of the unit, without comments."""
    section = UNIT.split(f"\n[{name}]\n", 1)[1].split("\n[", 1)[0]
    return [line for line in section.splitlines() if line and not line.startswith("#")]


def test_service_is_started_again_however_often_it_ended() -> None:
    assert "StartLimitIntervalSec=0" in unit_section("Unit")
    assert {"Restart=always", "RestartSec=1", "RestartPreventExitStatus=2 3"} <= set(unit_section("Service"))


def test_service_starts_behind_everything_it_talks_to() -> None:
    (after,) = [line for line in unit_section("Unit") if line.startswith("After=")]
    wanted = (
        "network-online.target nss-lookup.target time-sync.target asterisk.service freepbx.service mosquitto.service"
    )
    assert set(wanted.split()) <= set(after.removeprefix("After=").split())


def test_service_names_no_other_programs_page_as_its_own() -> None:
    assert not [line for line in unit_section("Unit") if line.startswith("Documentation=") and "asterisk" in line]
