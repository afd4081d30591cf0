"""The CRM's table: what is right, and exactly what is told of what is not."""

from pathlib import Path

import pytest
from tests.unit.settings.conftest import ENVIRONMENT, SHORTEST, Accept, Told

from huntgroup.errors import ConfigError
from huntgroup.settings import load

KEY = "whsec_YSBrZXkgb2YgdGhpcnR5LXR3byBnb29kIGJ5dGVzLi4="
HOOK = "https://portal.example/rest/1/abcdef0123456789/"
OPERATORS = '[[operators]]\nid = "anna"\nphones = ["PJSIP/a"]\n[[operators]]\nid = "ben"\nphones = ["PJSIP/b"]\n'
HTTP = '[crm]\ntype = "http"\nurl = "https://crm.example/hook"\nsecret_env = "CRM"\n'
BITRIX = '[crm]\ntype = "bitrix24"\nsecret_env = "CRM"\n'


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "CRM", KEY)


def test_what_is_not_said_has_its_default(accept: Accept) -> None:
    crm = accept(HTTP).crm
    assert crm is not None
    assert (crm.budget, crm.timeout, crm.look_up, crm.give_up_after) == (0.3, 10.0, ("phone", "email"), 604800.0)
    assert crm.where == "http crm.example"


def test_without_the_table_there_is_no_crm(accept: Accept) -> None:
    assert accept("").crm is None


def test_a_bitrix24_needs_nothing_but_its_secret(accept: Accept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "CRM", HOOK)
    crm = accept(f'{OPERATORS}{BITRIX}users = {{ anna = "12", ben = "15" }}').crm
    assert crm is not None
    assert crm.users == {"anna": "12", "ben": "15"}
    assert "abcdef" not in crm.where


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[crm] # here\ntype = "http"\nsecret_env = "CRM"',
            'crm.url: is missing; say where to post, as in `url = "https://crm.example/huntgroup"`',
        ),
        (
            '[crm]\ntype = "sugar" # here\nsecret_env = "CRM"',
            'crm.type: "sugar" is not one of `http` or `bitrix24`; use `http` or `bitrix24`',
        ),
        ('[crm] # here\nsecret_env = "CRM"', 'crm.type: is missing; add `type = "http"`'),
        (
            '[crm] # here\ntype = "http"\nurl = "https://crm.example"',
            "crm.secret_file: is missing; give secret_file or secret_env",
        ),
        (
            '[crm]\ntype = "http"\nsecret_env = "CRM"\nurl = "http://crm.example/x" # here',
            "crm.url: would send customers' names and numbers in the clear; write it with https://",
        ),
        (
            '[crm]\ntype = "http"\nsecret_env = "CRM"\nurl = "https://me:you@crm.example/" # here',
            "crm.url: names a user; leave the user out; what is posted is signed with the secret",
        ),
        (
            '[crm]\ntype = "http"\nsecret_env = "CRM"\nurl = "crm.example" # here',
            'crm.url: is not a web address; write it as in "https://crm.example/huntgroup"',
        ),
        (f'{HTTP}budget = "10s" # here', 'crm.budget: is too long for a caller to wait; write at most "5s"'),
        (
            f'{HTTP}timeout = "2m" # here',
            'crm.timeout: is longer than any CRM works on one request; write at most "60s"',
        ),
        (
            f'{HTTP}look_up = ["fax"] # here',
            'crm.look_up[0]: "fax" is not one of `phone`, `email` or `handle`; use `phone`, `email` or `handle`',
        ),
        (f'{HTTP}users = "anna" # here', "crm.users: is text, not a table; write it as in `users = { … }`"),
        (
            f'{OPERATORS}{HTTP}[crm.users]\nana = "x" # here',
            'crm.users.ana: there is no operator "ana"; did you mean `anna`?',
        ),
        (
            f'{OPERATORS}{HTTP}[crm.users]\nanna = "x"\nben = "x" # here',
            'crm.users.ben: "x" is "anna" already; give each operator their own',
        ),
        (
            f"{HTTP}secret = 'hunter2' # here",
            "crm.secret: a secret is never in the file; use secret_file or secret_env",
        ),
    ],
)
def test_each_mistake_is_told_with_what_is_right(told: Told, text: str, said: str) -> None:
    assert told(text) == [said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f'{BITRIX}url = "https://portal.example" # here',
            'crm.url: has no use with type = "bitrix24"; leave it out: the secret is the webhook\'s whole address',
        ),
        (
            f'{OPERATORS}{BITRIX}[crm.users]\nanna = "anna" # here',
            (
                'crm.users.anna: "anna" is no user of Bitrix24; '
                'write the number at the end of their profile\'s address, as in "12"'
            ),
        ),
        (
            f'{BITRIX}look_up = ["handle"] # here',
            'crm.look_up[0]: Bitrix24 cannot be asked by handle; use "phone" and "email"',
        ),
    ],
)
def test_each_mistake_about_bitrix24_is_told(told: Told, monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    monkeypatch.setitem(ENVIRONMENT, "CRM", HOOK)
    assert told(text) == [said]


@pytest.mark.parametrize(
    ("table", "secret", "wrong"),
    [
        (HTTP, "short", "is a key of 5 bytes, and 24 to 512 are needed"),
        (HTTP, "whsec_***", "is not base64 behind whsec_"),
        (HTTP, "whsec_c2hvcnQ=", "is a key of 5 bytes, and 24 to 512 are needed"),
        (BITRIX, "https://portal.example/", "holds no webhook's address"),
        (BITRIX, "https://portal.example/rest/1/abc def/", "holds no webhook's address: it is not a web address"),
        (
            BITRIX,
            "http://portal.example/rest/1/abcdef0123456789/",
            "holds no webhook's address: it would send customers' names and numbers in the clear",
        ),
        (BITRIX, "https://portal.example/rest/1/abcdef/profile.json", "holds no webhook's address"),
    ],
)
def test_a_secret_that_can_be_none_is_told_without_showing_it(
    tmp_path: Path, table: str, secret: str, wrong: str
) -> None:
    path = tmp_path / "huntgroup.toml"
    path.write_text(SHORTEST + table)
    with pytest.raises(ConfigError) as caught:
        load(path, {**ENVIRONMENT, "CRM": secret})
    (problem,) = caught.value.problems
    assert (problem.key, problem.wrong) == ("crm.secret_env", wrong)
    assert secret not in str(caught.value)


def test_an_address_on_this_very_machine_may_be_without_tls(accept: Accept) -> None:
    for host in ("127.0.0.1:8080", "localhost", "[::1]:8080"):
        assert accept(f'[crm]\ntype = "http"\nsecret_env = "CRM"\nurl = "http://{host}/x"').crm is not None


def test_authorities_that_cannot_be_read_are_told(told: Told) -> None:
    (said,) = told(f'{HTTP}ca_file = "nowhere.pem" # here')
    assert said.startswith("crm.ca_file: ")
    assert "cannot be read" in said
