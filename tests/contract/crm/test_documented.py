"""docs/crm.md says what is really posted, and its verification really verifies."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.crm.conftest import EMAIL, PHONE, STARTED, LabClock, call, given_to, new_lead, settings
from tests.lab.crm import SECRET, HttpServer, serving

from huntgroup.adapters.crm import signing
from huntgroup.adapters.crm.making import connector
from huntgroup.adapters.crm.payloads import LookUpAnswer
from huntgroup.crm.words import Crm, CrmError, Errand
from huntgroup.settings.crm import read_key

PAGE = (Path(__file__).parents[3] / "docs" / "crm.md").read_text()
EXAMPLES = {name: json.loads(text) for name, text in re.findall(r"<!-- (\S+) -->\n```json\n(.*?)```", PAGE, re.DOTALL)}
KEY = "hg_0123456789abcdef"


class StandingClock(LabClock):
    def now(self) -> float:
        return STARTED


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    server = HttpServer(lambda: STARTED)
    async with serving(server):
        yield server


@pytest.fixture
async def crm(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Crm]:
    monkeypatch.setenv("CRM", SECRET)
    crm = connector(settings("http", url=server.url), StandingClock())
    yield crm
    await crm.close()


def posted(server: HttpServer) -> Any:
    return json.loads(server.bodies[-1])


async def test_a_look_up_is_as_documented(server: HttpServer, crm: Crm) -> None:
    await crm.look_up([("email", EMAIL), ("phone", PHONE)])
    assert posted(server) == EXAMPLES["customer.look_up"]


async def test_a_creation_is_as_documented(server: HttpServer, crm: Crm) -> None:
    await crm.create(new_lead(), Errand(key=KEY, user="12"))
    assert posted(server) == EXAMPLES["customer.create"]


async def test_a_call_is_as_documented(server: HttpServer, crm: Crm) -> None:
    await crm.register_call(call(), Errand(key=KEY, reference="c-275", user="12"))
    assert posted(server) == EXAMPLES["call.register"]


async def test_a_change_of_hands_is_as_documented(server: HttpServer, crm: Crm) -> None:
    await crm.set_responsible(given_to("ben"), Errand(key=KEY, reference="c-275", user="15"))
    assert posted(server) == EXAMPLES["customer.responsible"]


def test_the_documented_answer_is_understood() -> None:
    found = LookUpAnswer.model_validate(EXAMPLES["answer"]).customer
    assert found is not None
    assert (found.id, found.name, found.responsible) == ("c-275", "Jan Kowalski", "12")


def test_the_documented_verification_takes_what_is_ours_and_nothing_else() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    space: dict[str, Any] = {}
    exec(code, space)
    verify = space["is_from_huntgroup"]
    body = b'{"type":"huntgroup.test"}'
    headers = dict(signing.headers(read_key(SECRET), KEY, STARTED, body))

    assert verify(headers, body, SECRET, STARTED)
    assert not verify(headers, body + b" ", SECRET, STARTED)
    assert not verify(headers, body, "whsec_" + "A" * 44, STARTED)
    assert not verify(headers | {"webhook-id": "hg_2"}, body, SECRET, STARTED)
    assert not verify(headers, body, SECRET, STARTED + 301)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, None), (202, None), (204, None), (429, "crm_busy"), (408, "crm_away"), (409, "crm_away"),
        (425, "crm_away"), (500, "crm_away"), (503, "crm_away"), (401, "crm_shut"), (403, "crm_shut"),
        (404, "crm_shut"), (301, "crm_shut"), (400, "crm_refused"), (410, "crm_refused"), (422, "crm_refused"),
    ],
)  # fmt: skip
async def test_each_status_means_what_is_documented(
    server: HttpServer, crm: Crm, status: int, kind: str | None
) -> None:
    server.status = status
    found = None
    try:
        await crm.register_call(call(), Errand(key=KEY, user="12"))
    except CrmError as error:
        found = error.code
    assert found == kind
