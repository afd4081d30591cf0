"""Who else may log in as the daemon, judged from what the PBX and the files say."""

from pathlib import Path

import pytest

from huntgroup.doctor.findings import Finding, Outcome
from huntgroup.doctor.secrecy import exposure, files, is_loopback, twice
from huntgroup.settings import Settings
from huntgroup.settings.models import Mqtt, Pbx

V4, V6 = "0.0.0.0/0.0.0.0", "::/0"
OURS = "10.0.0.5/255.255.255.255"


@pytest.mark.parametrize(
    ("bind", "rules", "host", "outcome"),
    [
        ("127.0.0.1", ([], [], []), "127.0.0.1", Outcome.OK),
        ("::1", ([], [], []), "::1", Outcome.OK),
        ("", ([], [], []), "127.0.0.1", Outcome.FAILED),
        ("0.0.0.0", ([], [], []), "127.0.0.1", Outcome.FAILED),
        ("10.0.0.1", ([], [OURS], []), "10.0.0.1", Outcome.FAILED),  # without a deny, everybody else may
        ("10.0.0.1", ([V4], [V4], []), "10.0.0.1", Outcome.FAILED),
        ("10.0.0.1", (["0.0.0.0/0"], [OURS], []), "10.0.0.1", Outcome.NOTE),
        ("::", ([V4], [OURS], []), "10.0.0.1", Outcome.FAILED),
        ("::", ([V4, V6], [OURS], []), "10.0.0.1", Outcome.NOTE),
        ("0.0.0.0", ([V4], [OURS], []), "127.0.0.1", Outcome.NOTE),
        ("0.0.0.0", ([], [], ["office"]), "10.0.0.1", Outcome.NOTE),
    ],
)
def test_who_may_try_the_secret(bind: str, rules: tuple[list[str], ...], host: str, outcome: Outcome) -> None:
    access = dict(zip(("deny", "permit", "acl"), rules, strict=True))

    assert exposure(bind, access, "huntgroup", host, "10.0.0.5").outcome is outcome


@pytest.mark.parametrize(
    ("host", "is_so"),
    [
        ("127.0.0.1", True),
        ("127.66.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("10.0.0.1", False),
    ],
)
def test_which_hosts_are_this_machine(host: str, *, is_so: bool) -> None:
    assert is_loopback(host) is is_so


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Asterisk's folder, as others may enter it."""
    path = tmp_path / "asterisk"
    (path / "manager.d").mkdir(parents=True)
    for each in (tmp_path, *tmp_path.parents, path, path / "manager.d"):
        if each.owner() == tmp_path.owner() and each != Path("/"):
            each.chmod(each.stat().st_mode | 0o111)
    write(path / "manager.conf", '[general]\nenabled = yes\n#include "manager.d/*.conf"\n', 0o644)
    return path


def write(path: Path, text: str, mode: int) -> None:
    path.write_text(text)
    path.chmod(mode)


def of(folder: Path) -> dict[str, Finding]:
    return {each.check: each for each in files(folder, "huntgroup")}


def test_a_secret_that_only_its_owner_may_read_is_fine(folder: Path) -> None:
    write(folder / "manager.d" / "huntgroup.conf", "[huntgroup]\nsecret = s3cret\n", 0o640)

    assert {name: each.outcome for name, each in of(folder).items()} == {"pbx.files": Outcome.OK}


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602])
def test_an_included_file_that_others_may_read_or_write_is_named(folder: Path, mode: int) -> None:
    file = folder / "manager.d" / "huntgroup.conf"
    write(file, "[huntgroup]\nsecret = s3cret\n", mode)

    assert of(folder)["pbx.files"].mend == f"`chmod o-rwx {file}`"


def test_a_folder_that_others_may_not_enter_hides_what_is_in_it(folder: Path) -> None:
    write(folder / "manager.d" / "huntgroup.conf", "[huntgroup]\nsecret = s3cret\n", 0o644)
    (folder / "manager.d").chmod(0o750)

    assert of(folder)["pbx.files"].outcome is Outcome.OK


def test_a_file_without_a_secret_may_be_read(folder: Path) -> None:
    write(folder / "manager.d" / "huntgroup.conf", "[huntgroup]\n; secret = here\nread = call\n", 0o644)

    assert of(folder) == {}


@pytest.mark.parametrize("line", ["secret = s3cret", "secret=s3cret", "secret => s3cret ; ours"])
def test_another_user_with_the_same_secret_is_named(folder: Path, line: str) -> None:
    write(folder / "manager.d" / "huntgroup.conf", "[huntgroup]\nsecret = s3cret\n", 0o600)
    write(folder / "manager.d" / "other.conf", f"[other](!)\n{line}\n[third]\nsecret = else\n", 0o600)

    assert of(folder)["pbx.same_secret"].said.startswith("huntgroup has the same secret as other,")


@pytest.mark.parametrize("include", ["manager.conf", "/dev/zero", "manager.d", "nothing/*", "**/../**", "/"])
def test_an_odd_include_ends(folder: Path, include: str) -> None:
    write(folder / "manager.conf", f'#include "{include}"\n[huntgroup]\nsecret = s3cret\n', 0o600)

    assert of(folder)["pbx.files"].outcome is Outcome.OK


def settings(tmp_path: Path, *secrets: str) -> Settings:
    names = ("first", "second", "mqtt")
    for name, secret in zip(names, secrets, strict=True):
        (tmp_path / name).write_text(secret)
    pbxs = tuple(Pbx(id=name, host="h", username="u", secret_file=tmp_path / name) for name in names[:2])
    return Settings(pbx=pbxs, mqtt=Mqtt(url="mqtt://h", username="u", secret_file=tmp_path / "mqtt"))


def test_one_secret_for_two_peers_is_noted(tmp_path: Path) -> None:
    (found,) = twice(settings(tmp_path, "a", "b", "b"))

    assert (found.outcome, found.where) == (Outcome.NOTE, "[[pbx]] second, [mqtt]")


def test_a_secret_of_its_own_for_each_peer_is_fine(tmp_path: Path) -> None:
    assert [each.outcome for each in twice(settings(tmp_path, "a", "b", "c"))] == [Outcome.OK]


def test_a_secret_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    house = settings(tmp_path, "a", "b", "a")
    (tmp_path / "mqtt").unlink()

    assert [each.outcome for each in twice(house)] == [Outcome.OK]
