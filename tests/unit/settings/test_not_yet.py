"""What is described but not there yet is refused in so many words, and what comes to the same is let through."""

import pytest
from tests.unit.settings.conftest import Accept, Told

OPERATOR = '[[operators]]\nid = "anna"\nphones = ["PJSIP/anna"]\n'
GROUP = f'{OPERATOR}[[groups]]\nid = "sales"\noperators = ["anna"]\n'
NUMBER = f'{GROUP}[[numbers]]\nnumber = "101"\ngroup = "sales"\n'


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (
            '[[pbx]] # here\nid = "second"\nhost = "h"\nusername = "u"\nsecret_env = "AMI_SECRET"',
            "pbx[1]",
        ),
        ('[blending]\ncall = ["chat"] # here', "blending.call"),
        (f'{OPERATOR}role = "supervisor" # here', "operators[0].role"),
        (f'{GROUP}offer_timeout = "60s" # here', "groups[0].offer_timeout"),
        (f"{NUMBER}responsible_first = true # here", "numbers[0].responsible_first"),
        (f"{NUMBER}responsible_rings = 4 # here", "numbers[0].responsible_rings"),
        (f"{NUMBER}transfer_changes_responsible = true # here", "numbers[0].transfer_changes_responsible"),
        (f'{NUMBER}create = "lead" # here', "numbers[0].create"),
        (f'{GROUP}[[sources]] # here\nid = "web"\nchannel = "chat"\ngroup = "sales"', "sources[0]"),
    ],
)
def test_what_is_not_there_yet_is_refused_at_its_line(told: Told, text: str, key: str) -> None:
    (words,) = told(text)
    assert words.startswith(f"{key}: ")
    assert "not yet" in words


@pytest.mark.parametrize(
    "text",
    [
        "[blending]\ncall = []\nchat = []",
        f'{OPERATOR}start = "logged_out"\nrole = "operator"',
        '[telephony]\npickup_code = "*12"\nlogin_code = "*47"\npause_code = "*48"',
        f"{GROUP}pickup = true\nmiss_limit = 3",
        f"{GROUP}check_availability = false\npickup = false\nmiss_limit = 0\npriority = 3\nannounce = {{}}",
        f'{GROUP}wrapup = "10s"\nmax_waiting = 50\nannounce = {{ position = false }}',
        f'{GROUP}distribution = "evenly"\nhours = {{ timezone = "UTC", mon = "08:00-18:00", holidays = "PL" }}',
        f'{GROUP}on_closed = {{ action = "operator", operator = "anna" }}\non_full = {{ action = "hang_up" }}',
        f'{GROUP}distribution = "all_at_once"\nrings = 2\nmax_wait = "5m"\nhold = "music"',
        f'{GROUP}on_unanswered = {{ action = "hang_up", cause = "busy" }}',
        f'{GROUP}on_unanswered = {{ action = "keep_waiting" }}',
        f'{NUMBER}responsible_first = false\ncreate = "none"\ntransfer_changes_responsible = false',
        f'{NUMBER}on_responsible_missed = {{ action = "queue" }}',
        '[mqtt]\nurl = "mqtt://h"\nprefix = "a/b"\nusername = "u"\nsecret_env = "AMI_SECRET"',
    ],
)
def test_what_is_off_or_comes_to_the_same_is_let_through(accept: Accept, text: str) -> None:
    accept(text)


def test_a_value_that_could_be_had_says_which_ones_can_be_had_today(told: Told) -> None:
    assert told(f'{OPERATOR}role = "supervisor"') == [
        'operators[0].role: "supervisor" is not yet supported; use `operator`'
    ]


@pytest.mark.parametrize("text", ['distribution = "evenlyy"', "pickup = 0", "wrapup = 10", "miss_limit = true"])
def test_a_value_that_is_wrong_anyway_is_told_once(told: Told, text: str) -> None:
    (words,) = told(f"{GROUP}{text} # here")
    assert "not yet" not in words


def test_what_is_not_there_yet_is_told_beside_real_mistakes(told: Told) -> None:
    words = told(f'{GROUP}offer_timeout = "9s" # here\nrings = 0 # here')
    assert [word.partition(":")[0] for word in words] == ["groups[0].offer_timeout", "groups[0].rings"]
