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
        ('[telephony]\npickup_code = "*11" # here', "telephony.pickup_code"),
        ('[telephony]\nlogin_code = "*45" # here', "telephony.login_code"),
        ('[telephony]\npause_code = "*46" # here', "telephony.pause_code"),
        ('[telephony]\noutbound = "PJSIP/{number}@trunk" # here', "telephony.outbound"),
        (f'{OPERATOR}mobile = "+48600100200" # here', "operators[0].mobile"),
        (f"{GROUP}pickup = true # here", "groups[0].pickup"),
        (f"{GROUP}announce = {{ position = true }} # here", "groups[0].announce.position"),
        (f'{GROUP}announce = {{ every = "30s" }} # here', "groups[0].announce.every"),
        (
            f'{GROUP}on_unanswered = {{ action = "voicemail", mailbox = "sales" }} # here',
            "groups[0].on_unanswered.action",
        ),
        (f'{GROUP}on_unanswered = {{ action = "callback" }} # here', "groups[0].on_unanswered.action"),
        (
            f'{GROUP}on_unanswered = {{ action = "reply", text = "Hi" }} # here',
            "groups[0].on_unanswered.action",
        ),
        (f'{GROUP}on_closed = {{ action = "callback" }} # here', "groups[0].on_closed.action"),
        (f'{GROUP}on_full = {{ action = "number", number = "101" }} # here', "groups[0].on_full.action"),
        (f'{GROUP}on_abandoned = {{ action = "callback" }} # here', "groups[0].on_abandoned"),
        (f"{NUMBER}responsible_first = true # here", "numbers[0].responsible_first"),
        (f"{NUMBER}responsible_rings = 4 # here", "numbers[0].responsible_rings"),
        (
            f'{NUMBER}on_responsible_missed = {{ action = "mobile" }} # here',
            "numbers[0].on_responsible_missed.action",
        ),
        (f"{NUMBER}transfer_changes_responsible = true # here", "numbers[0].transfer_changes_responsible"),
        (f'{NUMBER}create = "lead" # here', "numbers[0].create"),
        (f"{SOURCE}identify_customer = true # here", "sources[0].identify_customer"),
        (f"{SOURCE}track_customer = true # here", "sources[0].track_customer"),
        (f"{SOURCE}responsible_first = true # here", "sources[0].responsible_first"),
        (f"{SOURCE}transfer_changes_responsible = true # here", "sources[0].transfer_changes_responsible"),
        (f'{SOURCE}create = "lead" # here', "sources[0].create"),
    ],
)
def test_what_is_not_there_yet_is_refused_at_its_line(told: Told, text: str, key: str) -> None:
    (words,) = told(text)
    assert words.startswith(f"{key}: ")
    assert "not yet" in words


@pytest.mark.parametrize(
    "text",
    [
        '[blending]\ncall = ["chat"]\nchat = []',
        f'{OPERATOR}start = "logged_out"\nrole = "supervisor"',
        f'{GROUP}offer_timeout = "60s"\nmiss_limit = 3',
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
        '[mqtt]\nurl = "mqtt://h"\nprefix = "a/b"\nusername = "u"\nsecret_env = "AMI_SECRET"',
    ],
)
def test_what_is_off_or_comes_to_the_same_is_let_through(accept: Accept, text: str) -> None:
    accept(text)


def test_a_value_that_could_be_had_says_which_ones_can_be_had_today(told: Told) -> None:
    assert told(f'{GROUP}on_full = {{ action = "callback" }}') == [
        (
            'groups[0].on_full.action: "callback" is not yet supported; '
            "use `operator`, `group`, `keep_waiting` or `hang_up`"
        )
    ]


@pytest.mark.parametrize("text", ['distribution = "evenlyy"', "pickup = 0", "wrapup = 10", "miss_limit = true"])
def test_a_value_that_is_wrong_anyway_is_told_once(told: Told, text: str) -> None:
    (words,) = told(f"{GROUP}{text} # here")
    assert "not yet" not in words


def test_what_is_not_there_yet_is_told_beside_real_mistakes(told: Told) -> None:
    words = told(f"{GROUP}pickup = true # here\nrings = 0 # here")
    assert [word.partition(":")[0] for word in words] == ["groups[0].pickup", "groups[0].rings"]
