"""What a configuration may say about calls: numbers that a trunk can tell apart, a way out, music to speak in."""

import pytest
from tests.unit.settings.conftest import Accept, Told

ANNA = '[[operators]]\nid = "anna"\nphones = ["PJSIP/anna"]\n'
OUT = '[telephony]\ncountry = "pl"\noutbound = "PJSIP/{number}@trunk"\n'
POLAND = '[telephony]\ncountry = "pl"\n'


def group(more: str = "", before: str = POLAND) -> str:
    return f'{before}{ANNA}[[groups]]\nid = "sales"\noperators = ["anna"]\n{more}\n'


def number(text: str, mark: str = "") -> str:
    return f'[[numbers]]\nnumber = "{text}"{mark}\ngroup = "sales"\n'


@pytest.mark.parametrize("other", ["48221234567", "0048 22 123 45 67", "22 123-45-67", "+48 (22) 1234567"])
def test_a_number_that_a_trunk_may_write_like_another_is_refused(told: Told, other: str) -> None:
    (words,) = told(group() + number("+48221234567") + number(other, " # here"))
    assert words.startswith("numbers[1].number: ")
    assert "is numbers[0] already; give each number once" in words


def test_it_is_told_what_a_national_number_means(told: Told) -> None:
    (words,) = told(group() + number("+48221234567") + number("221234567", " # here"))
    assert words.endswith("this one means +48221234567")


def test_two_countries_numbers_can_be_one_and_the_same_word(told: Told) -> None:
    # Without its "+" the Egyptian number is what an American trunk sends for the American one.
    text = group(before='[telephony]\ncountry = "us"\n') + number("+12025550101") + number("+2025550101", " # here")
    (words,) = told(text)
    assert "is numbers[0] already" in words


def test_extensions_and_numbers_of_other_countries_stand_beside_one_another(accept: Accept) -> None:
    accept(group() + number("+48221234567") + number("101") + number("+442079460018") + number("102"))


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('on_unanswered = { action = "number", number = "+48600" } # here', "groups[0].on_unanswered.action"),
        ('on_closed = { action = "callback" } # here', "groups[0].on_closed.action"),
        (
            'on_full = { action = "reply", sound = "sorry", then = { action = "callback" } } # here',
            "groups[0].on_full.then.action",
        ),
    ],
)
def test_what_dials_out_needs_to_know_how(told: Told, more: str, key: str) -> None:
    (words,) = told(group(more))
    assert words.startswith(f"{key}: ")
    assert 'needs `telephony.outbound`; say how to dial out, as in `[telephony]` `outbound = "PJSIP/' in words


def test_so_does_a_responsible_operators_mobile(told: Told) -> None:
    missed = 'on_responsible_missed = { action = "mobile" } # here'
    (words,) = told(group() + number("101") + missed)
    assert words.startswith("numbers[0].on_responsible_missed.action: ")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            "announce = { position = true } # here",
            'groups[0].announce: is for callers who hold with music; add `hold = "music"`, or leave it out',
        ),
        (
            'hold = "music"\nannounce = { every = "30s" } # here',
            "groups[0].announce.every: repeats nothing; add `position = true`, `wait = true` or a `sound`",
        ),
        (
            'hold = "music"\nannounce = { leave_key = "1" } # here',
            "groups[0].announce.leave_key: does nothing without `on_leave`; say what it does in `on_leave`",
        ),
        (
            'on_leave = { action = "hang_up" } # here',
            'groups[0].on_leave: has no key; name one, as in `announce = { leave_key = "1" }`',
        ),
        (
            'on_abandoned = { action = "voicemail", mailbox = "sales" } # here',
            (
                'groups[0].on_abandoned.action: "voicemail" means nothing to who is gone; '
                "use `callback`, or a `reply` with a text"
            ),
        ),
        (
            'hold = "music"\non_leave = { action = "hang_up" }\nannounce = { leave_key = "12" } # here',
            'groups[0].announce.leave_key: "12" is not a key that can be offered; write one digit, as in "1"',
        ),
    ],
)
def test_what_would_have_no_effect_is_refused(told: Told, more: str, words: str) -> None:
    assert told(group(more)) == [words]


def test_a_country_that_has_no_numbers_is_none_to_call_back(told: Told) -> None:
    assert told('[telephony]\ncallback_countries = ["pl", "zz"] # here') == [
        (
            'telephony.callback_countries[1]: "zz" is no country with telephone numbers; '
            'write its ISO code, as in "pl" or "gb"'
        )
    ]


@pytest.mark.parametrize(
    "more",
    [
        'on_unanswered = { action = "voicemail", mailbox = "sales@default" }',
        'on_unanswered = { action = "number", number = "+48600100200" }',
        'on_closed = { action = "reply", sound = "custom/closed", then = { action = "callback", sound = "later" } }',
        'on_abandoned = { action = "callback" }',
        'hold = "music"\nannounce = { position = true, wait = true, every = "30s" }',
        'hold = "music"\nannounce = { sound = "press-1", leave_key = "1" }\non_leave = { action = "callback" }',
    ],
)
def test_all_of_this_can_be_had(accept: Accept, more: str) -> None:
    accept(group(more, before=OUT))
