"""The signature, and how long a CRM may keep us away."""

import base64

import pytest

from huntgroup.adapters.crm import signing
from huntgroup.adapters.crm.web import PAUSE_MOST, pause_in

NOW = 1_790_000_000.0


def test_it_is_the_one_that_the_specification_gives() -> None:
    # The test vector that the libraries of Standard Webhooks share.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    made = signing.signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_second_that_is_told_is_the_one_that_is_signed() -> None:
    headers = signing.headers(b"k" * 32, "hg_1", NOW + 0.9, b"{}")

    assert headers["webhook-timestamp"] == "1790000000"
    assert headers["webhook-signature"] == signing.signature(b"k" * 32, "hg_1", 1_790_000_000, b"{}")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("999999999999999999999", PAUSE_MOST),
        ("Mon, 21 Sep 2026 14:13:30 GMT", 10.0),
        ("Mon, 21 Sep 2020 14:13:30 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("٣", None),
    ],
)
def test_a_pause_is_seconds_or_an_instant_and_never_longer_than_an_hour(
    text: str | None, seconds: float | None
) -> None:
    assert pause_in(text, NOW) == seconds
