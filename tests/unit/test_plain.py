"""Text of others, where it enters and where it is shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntgroup.plain import JOINERS, as_json, clean, plain

OBEYED = "\x00\x07\x1b\x7f\x80\x9b\u00ad\u061c\u200e\u200f\u202a\u202e\u2066\u2069\ufeff\ud800"


@pytest.mark.parametrize("sign", OBEYED)
def test_what_a_terminal_obeys_comes_neither_in_nor_out(sign: str) -> None:
    assert clean(f"Jan{sign}Kowalski") == "JanKowalski"
    assert plain(f"Jan{sign}Kowalski") == "Jan\ufffdKowalski"
    assert as_json([f"Jan{sign}"]) == f'["Jan\\u{ord(sign):04x}"]'


@pytest.mark.parametrize("sign", "\t\n\r\v\f\x1c\x85\u00a0\u2003\u2028\u2029\u3000")
def test_what_parts_words_is_one_space(sign: str) -> None:
    assert clean(f"{sign}Jan{sign}{sign}Kowalski{sign}") == "Jan Kowalski"


def test_joiners_stay_as_some_scripts_are_written_with_them() -> None:
    for text in ("می\u200cخواهم", "👩\u200d💻"):
        assert clean(text) == plain(text) == text
        assert text in as_json([text])


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json_says_what_it_said_and_nothing_that_is_obeyed(data: object) -> None:
    written = as_json(data)
    assert json.loads(written) == data
    assert all(each.isprintable() or each in JOINERS or each.isspace() for each in written)
    assert "\n" not in written
    assert as_json(data, indent=1).count("\n") == json.dumps(data, indent=1).count("\n")
