"""Any CRM: one address, one signed message for each deed. docs/crm.md is the other side's manual."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from huntgroup.adapters.clock import Clock
from huntgroup.adapters.crm import signing
from huntgroup.adapters.crm.payloads import CreateAnswer, LookUp, LookUpAnswer, Message, Told
from huntgroup.adapters.crm.web import Answer, Web
from huntgroup.crm.deeds import AnyDeed, Create, Known, RegisterCall, SetResponsible, as_data, key_of
from huntgroup.crm.words import Contact, CrmAway, CrmBusy, CrmRefused, CrmShut, Errand, Identity
from huntgroup.plain import clean

PAUSE = 30.0
"""Seconds after a 429 that says none."""
BUSY = 429
SHUT = frozenset({401, 403, 404, 407, 421})
"""The secret or the address is wrong, which is not the deed's fault."""
LATER = frozenset({408, 409, 425})
"""409: the CRM is still at work on the very same message."""
GONE_WITHOUT = frozenset({204, 404})
"""To a look-up: nobody."""
SAID_MOST = 200

M = TypeVar("M", bound=BaseModel)


class HttpCrm:
    """See `huntgroup.crm.words.Crm`."""

    def __init__(self, url: str, key: bytes, web: Web, clock: Clock) -> None:
        self.settles_within = 0.0
        self._url = url
        self._key = key
        self._web = web
        self._clock = clock
        self._asked = 0

    async def look_up(self, identities: Sequence[Identity]) -> Contact | None:
        """Who that is. Raises CrmError."""
        known = tuple(Known.model_validate({"kind": kind, "value": value}) for kind, value in identities)
        now = self._clock.now()
        message = Message(type="customer.look_up", timestamp=now, data=LookUp(identities=known).model_dump())
        self._asked += 1
        answer = await self._post(key_of("look_up", repr(now), str(self._asked)), message)
        if answer.status in GONE_WITHOUT:
            return None
        _check(answer)
        found = _read(LookUpAnswer, answer).customer
        if found is None:
            return None
        return Contact(reference=found.id, name=found.name, user=found.responsible or "")

    async def create(self, deed: Create, errand: Errand) -> str:
        """Tell of it; what the CRM calls the customer. Raises CrmError."""
        answer = await self._tell(deed, deed.at, errand)
        if not answer.body.strip():
            return ""
        try:
            return _read(CreateAnswer, answer).id
        except CrmAway:
            return ""  # 2xx is done, whatever it says beside

    async def register_call(self, deed: RegisterCall, errand: Errand) -> None:
        """Tell of it. Raises CrmError."""
        await self._tell(deed, deed.started_at, errand)

    async def set_responsible(self, deed: SetResponsible, errand: Errand) -> None:
        """Tell of it. Raises CrmError."""
        await self._tell(deed, deed.at, errand)

    async def examine(self) -> str:
        """Post a test. Raises CrmError."""
        now = self._clock.now()
        _check(await self._post(key_of("test", repr(now)), Message(type="huntgroup.test", timestamp=now, data={})))
        return "it takes what is signed with the secret"

    async def close(self) -> None:
        """Let the connections go."""
        await self._web.close()

    async def _tell(self, deed: AnyDeed, at: float, errand: Errand) -> Answer:
        told = Told(reference=errand.reference, user=errand.user)
        message = Message(type=deed.type, timestamp=at, data=as_data(deed) | told.model_dump())
        answer = await self._post(errand.key, message)
        _check(answer)
        return answer

    async def _post(self, key: str, message: Message) -> Answer:
        body = message.encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            **signing.headers(self._key, key, self._clock.now(), body),
        }
        return await self._web.post(self._url, body, headers)


def _check(answer: Answer) -> None:
    """Whether it is done; else the error that says what to do about it."""
    status = answer.status
    if 200 <= status < 300:
        return
    said = f"{status} {_shown(answer.body)}".strip()
    if status == BUSY or (status == 503 and answer.pause is not None):
        raise CrmBusy(said, PAUSE if answer.pause is None else answer.pause)
    if 300 <= status < 400:
        raise CrmShut(f"{said}: it sends us elsewhere, which is not followed; correct `url`")
    if status in SHUT:
        raise CrmShut(said)
    if status in LATER or status >= 500 or status < 200:
        raise CrmAway(said)
    raise CrmRefused(said)


def _read(model: type[M], answer: Answer) -> M:
    try:
        return model.model_validate(answer.json())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "it"
        raise CrmAway(f"answered what cannot be used: {where[:SAID_MOST]}: {first['msg']}") from None


def _shown(body: bytes) -> str:
    """The beginning of what it says, harmless to a terminal."""
    return clean(body[:SAID_MOST].decode("utf-8", "replace"))
