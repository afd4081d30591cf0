"""Mistakes within one table are told in words, at their line, with what would be right."""

from pathlib import Path

import pytest
from tests.unit.settings.conftest import SHORTEST, Problems, Told

from huntgroup.errors import Problem
from huntgroup.indications import CADENCES

OPERATOR = '[[operators]]\nid = "anna"\nphones = ["PJSIP/anna"]\n'
GROUP = f'{OPERATOR}[[groups]]\nid = "sales"\noperators = ["anna"]\n'
NUMBER = f'{GROUP}[[numbers]]\nnumber = "101"\ngroup = "sales"\n'


def test_a_problem_is_told_as_file_line_key_wrong_and_right() -> None:
    problem = Problem(file="h.toml", line=3, key="groups[1].rings", wrong="is 0", right="it must be at least 1")
    assert str(problem) == "h.toml:3: groups[1].rings: is 0; it must be at least 1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[stor] # here\nurl = "sqlite:x"', "stor: unknown key `stor`; did you mean `store`?"),
        (
            f'{GROUP}distribtion = "in_order" # here',
            "groups[0].distribtion: unknown key `distribtion`; did you mean `distribution`?",
        ),
        (
            f"{OPERATOR}capacity = {{ chatt = 2 }} # here",
            "operators[0].capacity.chatt: unknown key `chatt`; did you mean `chat`?",
        ),
        (
            f"{OPERATOR}capacity = {{ xyz = 2 }} # here",
            "operators[0].capacity.xyz: unknown key `xyz`; use `call`, `chat`, `mail` or `form`",
        ),
        (
            f'{OPERATOR}"a\\nb" = 2 # here',
            (
                'operators[0]."a\\nb": unknown key `"a\\nb"`; the keys here are `id`, `name`, `extension`, `phones`, '
                "`pbx`, `mobile`, `capacity`, `role` and `start`"
            ),
        ),
        (
            f'{GROUP}distribution = "in_ordre" # here',
            (
                'groups[0].distribution: "in_ordre" is not one of `in_order`, `evenly`, `in_turn` or '
                "`all_at_once`; did you mean `in_order`?"
            ),
        ),
        (
            f'{GROUP}hold = "zzz" # here',
            'groups[0].hold: "zzz" is not one of `music` or `ringing`; use `music` or `ringing`',
        ),
        (f"{GROUP}rings = 0 # here", "groups[0].rings: is 0; it must be at least 1"),
        (f"{GROUP}rings = 101 # here", "groups[0].rings: is 101; it must be at most 100"),
        (
            f'{GROUP}rings = "four" # here',
            'groups[0].rings: is text, "four"; write a whole number without quotes, such as 4',
        ),
        (
            f"{GROUP}rings = 4.5 # here",
            "groups[0].rings: is a number, 4.5; write a whole number without quotes, such as 4",
        ),
        (
            f"{GROUP}check_availability = 1 # here",
            "groups[0].check_availability: is a number, 1; write true or false without quotes, such as true",
        ),
        (
            f"{GROUP}max_wait = 300 # here",
            'groups[0].max_wait: 300 has no unit; write it as text with a unit, such as "300s"',
        ),
        (
            f'{GROUP}max_wait = "soon" # here',
            'groups[0].max_wait: "soon" is not a duration; write a number with a unit (ms, s, m, h, d), such as "20s"',
        ),
        (
            f"{GROUP}name = 7 # here",
            'groups[0].name: is a number, not text; write it in quotes: "7"',
        ),
        (
            '[[operators]]\nid = "anna"\nphones = "PJSIP/anna" # here',
            'operators[0].phones: is text, not a list; put it in brackets: `phones = ["PJSIP/anna"]`',
        ),
        (
            '[operators] # here\nid = "anna"',
            "operators: is a single table; there can be several of it: write `[[operators]]`, with double brackets",
        ),
        (
            "[[telephony]] # here",
            "telephony: is a list of tables; there is one of it: write `[telephony]`, with single brackets",
        ),
        (
            f"{OPERATOR}capacity = 3 # here",
            "operators[0].capacity: is a number, not a table; write it as in `capacity = { … }`",
        ),
        (
            f'{GROUP}on_unanswered = "group" # here',
            (
                "groups[0].on_unanswered: is text, not an action; write it as in "
                '`on_unanswered = { action = "keep_waiting" }`'
            ),
        ),
        (
            f'{GROUP}on_unanswered = {{ action = "hangup" }} # here',
            (
                'groups[0].on_unanswered.action: "hangup" is not one of `voicemail`, `operator`, `number`, `group`, '
                "`keep_waiting`, `callback`, `reply` or `hang_up`; did you mean `hang_up`?"
            ),
        ),
        (
            f"{GROUP}on_unanswered = {{}} # here",
            'groups[0].on_unanswered.action: is missing; add `action = "keep_waiting"`',
        ),
        (
            f'{GROUP}on_unanswered = {{ action = "group" }} # here',
            'groups[0].on_unanswered.group: is missing; add `group = "support"`',
        ),
        (
            f'{GROUP}on_unanswered = {{ action = "hang_up", caus = 17 }} # here',
            "groups[0].on_unanswered.caus: unknown key `caus`; did you mean `cause`?",
        ),
        (
            f'{GROUP}on_unanswered = {{ action = "hang_up", cause = 128 }} # here',
            (
                "groups[0].on_unanswered.cause: 128 is no cause; use a Q.850 number from 1 to 127, or "
                "`unallocated`, `normal`, `busy`, `no_answer` or `congestion`"
            ),
        ),
        (
            '[[operators]] # here\nphones = ["PJSIP/anna"]',
            'operators[0].id: is missing; add `id = "anna"`',
        ),
        (
            '[telephony]\ncountry = "Poland" # here',
            'telephony.country: "Poland" is no country with telephone numbers; did you mean `pl`?',
        ),
        (
            '[telephony]\ncountry = "Ukrain" # here',
            'telephony.country: "Ukrain" is no country with telephone numbers; did you mean `ua`?',
        ),
        (
            '[telephony]\ncadence = "Poland" # here',
            'telephony.cadence: "Poland" is no ring cadence of Asterisk\'s indications; did you mean `pl`?',
        ),
        (
            '[telephony]\ncadence = "zq" # here',
            'telephony.cadence: "zq" is no ring cadence of Asterisk\'s indications; use `at`, `au`, '
            + ", ".join(f"`{code}`" for code in list(CADENCES)[2:-1])
            + " or `za`",
        ),
        (
            "[telephony]\nring_seconds = nan # here",
            "telephony.ring_seconds: is a number, NaN; write a number, such as 5.0",
        ),
        (
            "[telephony]\nring_seconds = 0 # here",
            "telephony.ring_seconds: is 0; it must be more than 0",
        ),
        (
            f'{NUMBER}on_responsible_missed = {{ action = "mobil" }} # here',
            (
                'numbers[0].on_responsible_missed.action: "mobil" is not one of `queue`, `mobile` or `voicemail`; '
                "did you mean `mobile`?"
            ),
        ),
        (
            f"{GROUP}rings = 0x{'f' * 5000} # here",
            "groups[0].rings: is a number of more than 64 bits; write a smaller one",
        ),
    ],
)
def test_a_mistake_is_told_with_its_key_its_line_and_what_would_be_right(told: Told, text: str, words: str) -> None:
    assert told(text) == [words]


def test_a_mistake_behind_a_reply_has_the_key_as_the_file_has_it(told: Told) -> None:
    text = f'{GROUP}on_closed = {{ action = "reply", text = "Hi", then = {{ action = "number", numbr = "1" }} }}'
    words = told(text)
    assert 'groups[0].on_closed.then.number: is missing; add `number = "+48221234567"`' in words
    assert "groups[0].on_closed.then.numbr: unknown key `numbr`; did you mean `number`?" in words


def test_a_mistake_is_told_once_and_not_again_through_what_depends_on_it(told: Told) -> None:
    assert len(told('[[operators]]\nid = "Anna" # here\nphones = ["PJSIP/anna"]')) == 1


def test_a_file_without_a_pbx_is_told_so(problems: Problems) -> None:
    (problem,) = problems("")
    assert (problem.line, problem.key) == (1, "pbx")
    assert (problem.wrong, problem.right) == ("is missing", "add a `[[pbx]]` table")


@pytest.mark.parametrize("key", ["secret", "password", "Password", "token"])
@pytest.mark.parametrize("table", ["[[pbx]]", "[mqtt]"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(problems: Problems, key: str, table: str) -> None:
    found = problems(f'{table}\nusername = "huntgroup"\n{key} = "hunter2"\n')
    refused = [problem for problem in found if problem.key.endswith(key)]
    assert [(problem.line, problem.wrong) for problem in refused] == [(3, "a secret is never in the file")]
    assert refused[0].right == "use secret_file or secret_env"
    assert "hunter2" not in "".join(map(str, found))


@pytest.mark.parametrize(
    "text",
    ['secret_env = "hunter2 is it"', 'url = "mqtt://me:hunter2@host"', 'url = "me:hunter2@host"', 'word = "hunter2"'],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(problems: Problems, text: str) -> None:
    assert "hunter2" not in "".join(map(str, problems(f"{SHORTEST}[mqtt]\n{text}\n")))


def test_what_a_terminal_would_obey_is_never_printed(problems: Problems, tmp_path: Path) -> None:
    found = problems('"\\u001b[2J" = 1\n[telephony]\ncountry = "\\u001b]0;x\\u0007\\n"\n')
    assert all(str(problem).replace(str(tmp_path), "").isprintable() for problem in found)


@pytest.mark.parametrize(
    "text",
    [
        '[[groups]]\nid = "\\u001b[2J"\noperators = []\n[[numbers]]\nnumber = "1"\ngroup = "x"\n',
        '[[operators]]\nid = "an\\u202ena"\n[[groups]]\nid = "sales"\noperators = ["anna"]\n',
        '[[operators]]\nid = "\\u0007nna"\n[[groups]]\nid = "sales"\noperators = []\nsupervisors = ["anna"]\n',
        '[[pbx]]\nid = "\\nain"\ntrunks = { main = "x" }\n',
        '[[operators]]\nid = "ann\\u0000"\n[crm]\ntype = "http"\nusers = { anna = "1" }\n',
    ],
)
def test_suggested_name_holds_nothing_that_a_terminal_would_obey(problems: Problems, tmp_path: Path, text: str) -> None:
    found = [str(problem).replace(str(tmp_path), "") for problem in problems(text)]
    assert any("`" in each for each in found)
    assert [each for each in found if not each.isprintable()] == []


def test_suggested_name_is_shortened(problems: Problems) -> None:
    found = problems(f'[[groups]]\nid = "{"a" * 9_000}"\noperators = []\n[[numbers]]\nnumber = "1"\ngroup = "b"\n')
    assert max(len(problem.right) for problem in found) < 200
