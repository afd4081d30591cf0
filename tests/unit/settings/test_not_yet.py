"""What is described but not there yet is refused in so many words, and what comes to the same is let through."""

import pytest
from tests.unit.settings.conftest import Accept, Told

OPERATOR = '[[operators]]\nid = "anna"\nphones = ["PJSIP/anna"]\n'
GROUP = f'{OPERATOR}[[groups]]\nid = "sales"\noperators = ["anna"]\n'
SOURCE = f'{GROUP}[[sources]]\nid = "web"\nchannel = "chat"\ngroup = "sales"\n'
NUMBER = f'{GROUP}[[numbers]]\nnumber = "101"\ngroup = "sales"\n'


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (
            '[[pbx]] # here\nid = "second"\nhost = "h"\nusername = "u"\nsecret_env = "AMI_SECRET"',
            "pbx[1]",
        ),
    ],
)
def test_what_is_not_there_yet_is_refused_at_its_line(told: Told, text: str, key: str) -> None:
    (words,) = told(text)
    assert words.startswith(f"{key}: ")
    assert "not yet" in words


@pytest.mark.parametrize(
    "text",
    [
        f'{OPERATOR}start = "logged_out"\nrole = "supervisor"',
        '[telephony]\npickup_code = "*12"\nlogin_code = "*47"\npause_code = "*48"',
        '[blending]\ncall = ["chat"]\nchat = []',
        f'{GROUP}offer_timeout = "60s"\npickup = true\nmiss_limit = 3',
        f'{SOURCE}mode = "offer"\nmax_open = 2\nskip_unavailable = false\nwhen_all_unavailable = "in_turn"',
        f'{SOURCE}distribution = "evenly"\ncreate = "none"\ntrack_customer = false',
        f"{GROUP}check_availability = false\npickup = false\nmiss_limit = 0\npriority = 3\nannounce = {{}}",
        f'{GROUP}wrapup = "10s"\nmax_waiting = 50\nannounce = {{ position = false }}',
        f'{GROUP}distribution = "evenly"\nhours = {{ timezone = "UTC", mon = "08:00-18:00", holidays = "PL" }}',
        f'{GROUP}on_closed = {{ action = "operator", operator = "anna" }}\non_full = {{ action = "hang_up" }}',
        f'{GROUP}distribution = "all_at_once"\nrings = 2\nmax_wait = "5m"\nhold = "music"',
        f'{GROUP}on_unanswered = {{ action = "hang_up", cause = "busy" }}',
        f'{GROUP}on_unanswered = {{ action = "keep_waiting" }}',
        f'{NUMBER}responsible_first = false\ncreate = "none"\ntransfer_changes_responsible = false',
        f'{NUMBER}on_responsible_missed = {{ action = "queue" }}',
        f'{NUMBER}responsible_first = true\nresponsible_rings = 4\ncreate = "lead"',
        f'{SOURCE}identify_customer = true\ntrack_customer = true\nresponsible_first = true\ncreate = "contact"',
        '[mqtt]\nurl = "mqtt://h"\nprefix = "a/b"\nusername = "u"\nsecret_env = "AMI_SECRET"',
    ],
)
def test_what_is_off_or_comes_to_the_same_is_let_through(accept: Accept, text: str) -> None:
    accept(text)


@pytest.mark.parametrize("text", ['distribution = "evenlyy"', "pickup = 0", "wrapup = 10", "miss_limit = true"])
def test_a_value_that_is_wrong_anyway_is_told_once(told: Told, text: str) -> None:
    (words,) = told(f"{GROUP}{text} # here")
    assert "not yet" not in words


def test_what_is_not_there_yet_is_told_beside_real_mistakes(told: Told) -> None:
    second = (
        '[[pbx]] # here\nid = "second"\nhost = "h"\nusername = "u"\nsecret_env = "AMI_SECRET"\nshoe_size = 41 # here'
    )
    assert [word.partition(":")[0] for word in told(second)] == ["pbx[1]", "pbx[1].shoe_size"]
