"""Ten thousand CRM answers and the inputs that failed earlier; see `tests.fuzz.crm`."""

import json
from typing import Any

import pytest

from tests.fuzz.crm import CrmAnswers
from tests.fuzz.driver import assert_nothing_breaks, assert_survives


def test_ten_thousand_crm_answers_break_nothing() -> None:
    assert_nothing_breaks(CrmAnswers())


def bitrix24(what: str, *results: Any) -> dict[str, Any]:
    """What is asked of Bitrix24, and its results."""
    answers = [{"body": json.dumps({"result": each}).encode()} for each in results]
    return {"kind": ("bitrix24",), "what": (what,), "answers": answers}


@pytest.mark.parametrize("field", ["name", "lastName", "title"])
def test_lone_surrogate_in_a_bitrix24_name_is_never_kept(field: str) -> None:
    found = {"PHONE": {"CONTACT": [7]}, "PHONE_contact": {"item": {"id": 7, field: "Jan \udc8b"}}}
    assert_survives(CrmAnswers(), bitrix24("look_up", {"result": found}))


def test_lone_surrogate_in_a_bitrix24_call_id_is_never_kept() -> None:
    assert_survives(CrmAnswers(), bitrix24("call", {"CALL_ID": "\ud800"}, {}))


@pytest.mark.parametrize("field", ["id", "name", "responsible"])
def test_lone_surrogate_in_a_webhooks_answer_is_never_kept(field: str) -> None:
    body = json.dumps({"customer": {"id": "c-1", "name": "Jan", field: "\ud800"}}).encode()
    assert_survives(CrmAnswers(), {"kind": ("http",), "what": ("look_up",), "answers": [{"body": body}]})
