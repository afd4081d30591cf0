"""CRM: answers of a webhook or of Bitrix24, from the HTTP bytes to the stored result.

Inputs: valid, nearly valid and arbitrary JSON answers with any status, Retry-After and encoding, lone surrogates, huge
numbers and deep nesting; mutated bytes; and, in two of a hundred cases, raw bytes in place of HTTP.

Rules:

* The result is valid, or a named `CrmError` with a printable message without the secret. No other exception.
* An answer is bounded in size and time, a pause in length.
* The result is Unicode text within its bounds. The event of the waiting inquiry is read back from the journal
  unchanged, the store keeps the values as they are, and the published payload is valid JSON.
"""

import asyncio
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.crm.bitrix24.connector import Bitrix24
from huntgroup.adapters.crm.bitrix24.portal import BUSY, SHUT, Portal
from huntgroup.adapters.crm.http import HttpCrm
from huntgroup.adapters.crm.web import LONGEST_ANSWER, PAUSE_MOST, Answer, Web, pause_in
from huntgroup.adapters.mqtt.payloads import customer_out
from huntgroup.adapters.store import crm_outbox
from huntgroup.adapters.store.customers.following import Follower
from huntgroup.adapters.store.customers.for_crm import ForCrm
from huntgroup.codec import event_from, event_text
from huntgroup.crm.deeds import Create, Known, RegisterCall, SetResponsible
from huntgroup.crm.users import Users
from huntgroup.crm.words import LONGEST_NAME, LONGEST_REFERENCE, Contact, Crm, CrmBusy, CrmError, Errand
from huntgroup.customers.names import read_name
from huntgroup.engine.events import Customer, InquiryReceived
from huntgroup.engine.ids import InquiryId, SourceId
from huntgroup.engine.policy import Channel
from huntgroup.plain import plain
from huntgroup.recognition import Told, told_of
from huntgroup.settings import Crm as CrmSettings
from tests.fuzz.dice import SURROGATES, TOKENS, Dice
from tests.fuzz.driver import Case, Violation
from tests.fuzz.store import Store

HOOK = "https://portal.example/rest/1/s3cr3tc0de"
SECRET = "s3cr3tc0de"
IDENTITIES = (("phone", "+48600700800"), ("email", "jan@example.org"), ("handle", "telegram:jan"))
KNOWN = tuple(Known.model_validate({"kind": kind, "value": value}) for kind, value in IDENTITIES)
AT = 1_790_000_000.0
CREATE = Create(
    kind="deal", name="Jan", identities=KNOWN, channel="call", source="+48", at=AT, customer="customer-1", inquiry="x"
)
CALL = RegisterCall(
    direction="in",
    number="+48600700800",
    line="+48",
    started_at=AT,
    waited=1,
    talked=2,
    outcome="answered",
    customer="customer-1",
    inquiry="x",
)
RESPONSIBLE = SetResponsible(identities=KNOWN, at=AT, customer="customer-1", inquiry="x", operator="anna")
SETTINGS = {
    "http": CrmSettings(type="http", url="https://crm.example/x", secret_env="CRM"),
    "bitrix24": CrmSettings(type="bitrix24", secret_env="CRM", users={"anna": "12"}),
}
STATUSES = (
    200,
    200,
    200,
    200,
    201,
    204,
    100,
    0,
    301,
    302,
    400,
    401,
    403,
    404,
    409,
    418,
    429,
    500,
    502,
    503,
    504,
    599,
    999,
)
PAUSES = (
    *(None, None, None, "", "0", "1", "9" * 400, "-1", "1.5", "nan", "inf", "٣", "Wed, 21 Oct 2015 07:28:00 GMT"),
    *("Wed, 21 Oct 9999 07:28:00 GMT", "Wed, 99 Oct 2015 07:28:00 GMT", "x", "Wed, 21 Oct 2015 07:28:00 +9999", "\x00"),
    *("Thu, 01 Jan 0001 00:00:00 +2300", "Mon, 1 Jan 1 0:0:0 -9999999", "1 1 1", "Fri, 31 Dec 9999 23:59:59 -2359"),
)
FAULTS = (*BUSY, *sorted(SHUT)[:4], "WRONG_AUTH_TYPE", "INTERNAL_SERVER_ERROR", "ERROR_CORE", "NOT_FOUND", 0, 404)
WHATS = ("look_up", "look_up", "look_up", "create", "call", "responsible", "examine")
SECONDS_MOST = 5.0


class Replayed(Web):
    """Gives the answers of a case in order."""

    def __init__(self, answers: Sequence[Mapping[str, Any]], now: float) -> None:
        self._answers = list(answers)
        self._now = now

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:  # noqa: ARG002 - the interface has them
        """The next answer."""
        if not self._answers:
            raise Violation("one task sends more than six requests")
        answer = self._answers.pop(0)
        pause = pause_in(answer.get("pause"), self._now)
        if pause is not None and not 0 <= pause <= PAUSE_MOST:
            raise Violation("a pause exceeds its bound", pause)
        return Answer(status=answer.get("status", 200), body=answer["body"], pause=pause)


class Wired:
    """A server that answers an HTTP request with given bytes."""

    def __init__(self) -> None:
        self.answer = b""
        self.port = 0

    async def start(self) -> None:
        """Listen on loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the server."""
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


class CrmAnswers:
    """See the module's description."""

    name = "crm"

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._store = Store()
        self._wired = Wired()
        self._loop.run_until_complete(self._wired.start())
        self._clock = Clock()
        self._web = Web(SECONDS_MOST, None, self._clock)
        self._users = {kind: Users(each, ["anna", "ben"]) for kind, each in SETTINGS.items()}

    def close(self) -> None:
        """Close all resources."""
        self._loop.run_until_complete(self._web.close())
        self._loop.run_until_complete(self._wired.stop())
        self._loop.close()
        self._store.close()

    def weight(self, _case: Case) -> int:
        """All answers to one task count as one input."""
        return 1

    # -- making ---------------------------------------------------------------------------------------------------

    def make(self, dice: Dice) -> Case:
        """A connector, a task, and the answers to it."""
        kind = dice.one_of("http", "bitrix24", "bitrix24")
        what = dice.pick(WHATS)
        if dice.chance(0.02):
            return {"kind": (kind,), "what": (what,), "wired": _wired(dice, kind, what)}
        made = [_answer(dice, kind, what, number) for number in range(6)]
        return {"kind": (kind,), "what": (what,), "answers": made}

    # -- checking -------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """See the module's description."""
        self._loop.run_until_complete(self._check(case))

    async def _check(self, case: Case) -> None:
        kind, what = case["kind"][0], case["what"][0]
        web: Web = Replayed(case["answers"], AT) if "answers" in case else self._web
        url = f"http://127.0.0.1:{self._wired.port}"
        self._wired.answer = case.get("wired", b"")
        crm: Crm
        if kind == "http":
            crm = HttpCrm(f"{url}/{SECRET}", b"k" * 32, web, self._clock)
        else:
            crm = Bitrix24(Portal(f"{url}/rest/1/{SECRET}" if "wired" in case else HOOK, web, lambda: AT), "1")
        kept: dict[str, str] = {}
        try:
            found = await _asked(crm, what, kept)
        except CrmError as error:
            _is_named(error)
            found = None
        for value in kept.values():
            _is_text(value, "a reference to a call")
        if isinstance(found, Contact):
            _is_within_bounds(found)
            self._is_kept(kind, found)
        elif isinstance(found, str) and what == "create":
            _is_text(found, "a reference")
            self._is_referred_to(kind, found)

    def _is_kept(self, kind: str, contact: Contact) -> None:
        """The answer passes through event, journal, store and payload."""
        arrival = InquiryReceived(
            inquiry=InquiryId("x"),
            channel=Channel.CALL,
            source=SourceId("+48"),
            customer=Customer(phone="+48600700800"),
        )
        event = told_of(arrival, Told(contact.reference, contact.name, self._users[kind].operator_of(contact.user)))
        name, body = event_text(event)
        if event_from(name, body) != event:
            raise Violation("an event with a CRM's answer differs after it was read back from the journal", body)
        json.loads(customer_out(event.customer).encode(), parse_constant=_no_number)
        self._store.empty()
        fact = {
            "inquiry": "x", "at": AT, "operator": None, "channel": "call", "source": "+48",
            "identities": [("phone", "+48600700800")], "name": event.customer.name, "known_as": event.customer.known_as,
            "crm": event.customer.crm, "crm_of": kind, "responsible": event.responsible, "track": True, "create": "",
        }  # fmt: skip
        self._store.database.execute(
            "INSERT INTO follow (event, kind, body) VALUES (1, 'received', ?)", (json.dumps(fact, ensure_ascii=False),)
        )
        told, _ = Follower(tell=lambda _: None, for_crm=ForCrm(kind)).step(self._store.database)
        if not told:
            raise Violation("a customer that a CRM knows is not stored", fact)
        found = self._store.database.execute("SELECT name, crm FROM customer").fetchall()
        name = read_name(contact.name)
        if found != [(name, contact.reference)]:
            raise Violation("a stored customer differs from the CRM's answer", (found, contact))

    def _is_referred_to(self, kind: str, reference: str) -> None:
        """The CRM's reference of a created customer is stored."""
        self._store.empty()
        self._store.database.execute("INSERT INTO customer (id, name, created_at) VALUES (1, '', 0)")
        crm_outbox.enqueue(self._store.database, kind, [CREATE], AT)
        (row,) = crm_outbox.take(self._store.database, kind, AT, 1, 60)
        crm_outbox.finish(self._store.database, row, reference, AT)
        if crm_outbox.reference_of(self._store.database, kind, "customer-1") != reference:
            raise Violation("a stored reference differs from the CRM's answer", reference)


async def _asked(crm: Crm, what: str, kept: dict[str, str]) -> Any:
    async def keep(done: Mapping[str, str]) -> None:
        kept.update(done)

    errand = Errand(key="hg_key", reference="contact:7", user="12", keep=keep)
    match what:
        case "look_up":
            return await crm.look_up(IDENTITIES)
        case "create":
            return await crm.create(CREATE, errand)
        case "call":
            return await crm.register_call(CALL, errand)
        case "responsible":
            return await crm.set_responsible(RESPONSIBLE, errand)
        case _:
            return await crm.examine()


def _is_named(error: CrmError) -> None:
    text = str(error)
    if SECRET in text:
        raise Violation("an error shows the secret", text)
    if plain(text) != text:
        raise Violation("an error message is not printable", repr(text))
    if len(text) > 1_000:
        raise Violation("an error message exceeds its bound", len(text))
    if isinstance(error, CrmBusy) and not (math.isfinite(error.seconds) and 0 <= error.seconds <= PAUSE_MOST):
        raise Violation("a pause exceeds its bound", error.seconds)
    text.encode()


def _is_within_bounds(contact: Contact) -> None:
    for what, text, most in (
        ("a name", contact.name, LONGEST_NAME),
        ("a reference", contact.reference, LONGEST_REFERENCE),
        ("a user", contact.user, LONGEST_REFERENCE),
    ):
        _is_text(text, what)
        if len(text) > most:
            raise Violation(f"{what} exceeds its bound", len(text))


def _is_text(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Violation(f"{what} from a CRM is not Unicode", repr(text)[:300]) from None


def _no_number(word: str) -> None:
    raise Violation("a published payload is not JSON", word)


# -- what is answered -------------------------------------------------------------------------------------------------


def _answer(dice: Dice, kind: str, what: str, number: int) -> dict[str, Any]:
    data = _right(dice, kind, what, number)
    chance = dice.random()
    if chance < 0.55:
        for _ in range(dice.one_of(0, 1, 1, 2)):
            data = dice.spoilt(data)
    elif chance < 0.6:
        data = dice.value()
    elif chance < 0.68:
        data = {"error": dice.pick(FAULTS), "error_description": dice.text()}
    body = dice.written(data)
    if dice.chance(0.1):
        body = dice.mutated(body, TOKENS)
    if dice.chance(0.01):
        body = dice.one_of(
            b"", b" ", b"[" * 100_000, b'{"result":' * 20_000, b"NaN", b"<html>", b"\xff\xfe", b"1" * 5_000
        )
    if dice.chance(0.6):
        return {"body": body}
    return {"body": body, "status": dice.pick(STATUSES), "pause": dice.pick(PAUSES)}


def _right(dice: Dice, kind: str, what: str, number: int) -> Any:
    """A valid answer."""
    name = dice.one_of("Jan Kowalski", "Jan", "", "x" * 200, "x" * 201, dice.pick(SURROGATES), dice.text())
    if kind == "http":
        found = {
            "id": dice.one_of("c-1", "x" * 128, "x" * 129, ""),
            "name": name,
            "responsible": dice.one_of(None, "anna", "x"),
        }
        return {"customer": dice.one_of(found, found, None)} if what == "look_up" else {"id": dice.one_of("c-7", "")}
    item = {
        "id": dice.one_of(7, "7", 10**18, 7.0),
        "assignedById": dice.one_of(12, 0, None, "12"),
        "name": name,
        "title": name,
    }
    search = dice.one_of({"CONTACT": [7]}, {"LEAD": [7, 8]}, [], {"COMPANY": []}, {"CONTACT": ["7"], "LEAD": [1]})
    results: dict[str, Any] = {
        "PHONE": search,
        "EMAIL": dice.one_of([], search),
        **{f"PHONE_{each}": {"item": item} for each in ("contact", "company", "lead")},
        **{f"EMAIL_{each}": {"item": item} for each in ("contact", "company", "lead")},
        "before": dice.one_of({"items": []}, {"items": [item]}) if what != "call" else dice.one_of([], [{"ID": "1"}]),
        "who": {"ID": "1"},
        "scopes": dice.one_of(["crm"], ["crm", "telephony"], ["user"]),
    }
    batch = {"result": results, "result_error": dice.one_of([], {}, {"PHONE_lead": {"error": "NOT_FOUND"}})}
    if number == 0 and what in {"look_up", "create", "examine"}:
        return {"result": batch}
    if what == "call":
        return {"result": dice.one_of({"CALL_ID": "externalCall.1"}, {"CALL_ID": "x" * 201}, batch, 1)}
    return {"result": dice.one_of({"item": item}, batch)}


def _wired(dice: Dice, kind: str, what: str) -> bytes:
    """The bytes of a nearly valid HTTP answer."""
    answer = _answer(dice, kind, what, 0)
    body = answer["body"][:200_000]
    length = dice.one_of(len(body), len(body), len(body), len(body) + 1, 0, 10**20)
    headers = dice.one_of(
        b"Content-Length: %d\r\n" % length,
        b"Content-Length: %d\r\n" % len(body),
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(body),
        b"Connection: close\r\n",
        b"X: " + b"y" * dice.one_of(1, 9_000, 70_000) + b"\r\n",
        b"Retry-After: " + str(answer.get("pause")).encode("utf-8", "replace") + b"\r\n",
        b"Location: https://x.example/\r\nSet-Cookie: a=b\r\n",
    )
    if b"chunked" in headers:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (dice.one_of(len(body), len(body) + 1, 0, 10**12), body)
    if dice.chance(0.02):
        body = b"x" * (LONGEST_ANSWER + 10)
    reason = dice.one_of(b"OK", b"", b"\xff", b"x" * 9_000)
    whole = b"HTTP/1.%d %03d %s\r\n%s\r\n%s" % (dice.below(3), answer.get("status", 200), reason, headers, body)
    if dice.chance(0.4):
        whole = dice.mutated(whole, (*TOKENS, b"\r\n", b"\r\n\r\n", b": ", b"\0"))
    return whole
