"""Whatever the configuration is described to say, it may say."""

import pytest
from tests.unit.settings.conftest import Accept

OPERATOR = '[[operators]]\nid = "anna"\nphones = ["PJSIP/anna"]\n'
GROUP = f'{OPERATOR}[[groups]]\nid = "sales"\noperators = ["anna"]\n'
SOURCE = f'{GROUP}[[sources]]\nid = "web"\nchannel = "chat"\ngroup = "sales"\n'
NUMBER = f'{GROUP}[[numbers]]\nnumber = "101"\ngroup = "sales"\n'


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
def test_what_is_described_may_be_said(accept: Accept, text: str) -> None:
    accept(text)
