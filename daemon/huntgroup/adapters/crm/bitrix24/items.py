"""Leads, deals, contacts and companies: how Bitrix24 has them, and what becomes of them here and there."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from huntgroup.crm.deeds import Create, Known, RegisterCall
from huntgroup.crm.words import LONGEST_NAME, Contact, CrmAway
from huntgroup.instants import utc

ORIGINATOR = "huntgroup"
"""Who made an item, beside the key of the deed that it came of."""
TYPES = {"lead": 1, "deal": 2, "contact": 3, "company": 4}
BY_PHONE = ("contact", "company", "lead")
"""What may have a number or an address, in the order in which it is believed."""
SOURCES = {"call": "CALL", "mail": "EMAIL", "chat": "WEB", "form": "WEBFORM"}
STATUS = {"answered": "200", "forwarded": "200", "refused": "603"}
MISSED = "304"
INCOMING, CALLBACK = 2, 4
COMMUNICATIONS = {"phone": "PHONE", "email": "EMAIL"}
CALL_ACTIVITY = 2
VALUES_MOST = 20
_REFERENCE = re.compile(r"(lead|deal|contact|company):([1-9][0-9]{0,17})")
_ASKABLE = re.compile(r"[A-Za-z0-9+@._%~!#&'*/=?^{|}-]{1,254}")
_PLAIN = str.maketrans({"[": "(", "]": ")", "<": "(", ">": ")"})

Number = Annotated[int, Field(gt=0, lt=10**18)]
NumberOrNone = Annotated[int, Field(ge=0, lt=10**18)] | None


class Item(BaseModel):
    """What we read of an item; whatever else it has is passed over, and what has another type is no answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Number
    assignedById: NumberOrNone = None  # noqa: N815 - Bitrix24's own name, and so the next ones
    name: str | None = None
    lastName: str | None = None  # noqa: N815
    title: str | None = None


class Reference(NamedTuple):
    """An item: of which kind, and its number there."""

    kind: str
    id: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @property
    def type_id(self) -> int:
        """The kind as Bitrix24 numbers it."""
        return TYPES[self.kind]


def reference_from(text: str) -> Reference | None:
    """The item of a text that was written here; None for any other."""
    found = _REFERENCE.fullmatch(text)
    return Reference(found[1], int(found[2])) if found else None


def item_in(result: Any) -> Item:
    """The item of a `crm.item.get` or `.add`. Raises CrmAway."""
    try:
        return Item.model_validate(result["item"])
    except (ValidationError, KeyError, TypeError):
        raise CrmAway("answered with an item that is none") from None


def first_item_in(result: Any) -> Item | None:
    """The first of a `crm.item.list`. Raises CrmAway."""
    try:
        items = result["items"]
        return Item.model_validate(items[0]) if items else None
    except (ValidationError, KeyError, TypeError, IndexError):
        raise CrmAway("answered with a list that is none") from None


def first_found(result: Any) -> Reference | None:
    """The first of a `crm.duplicate.findbycomm`, the kind that is believed most. Raises CrmAway."""
    if result == []:
        return None
    if not isinstance(result, dict):
        raise CrmAway("answered a search with what is no list")
    for kind in BY_PHONE:
        numbers = result.get(kind.upper())
        if numbers is None or numbers == []:
            continue
        try:
            return Reference(kind, Item.model_validate({"id": numbers[0]}).id)
        except (ValidationError, KeyError, TypeError, IndexError):
            raise CrmAway("answered a search with what is no number") from None
    return None


def contact_of(kind: str, item: Item) -> Contact:
    """For the house."""
    name = " ".join(part for part in (item.name, item.lastName) if part) or item.title or ""
    user = str(item.assignedById) if item.assignedById else ""
    return Contact(reference=f"{kind}:{item.id}", name=name[:LONGEST_NAME], user=user)


def askable(identities: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """By Bitrix24's word for the kind, what it can be asked for.

    In a batch `$` and `[` would be an instruction, so an address that holds one is not asked for.
    """
    found: dict[str, list[str]] = {}
    for kind, value in identities:
        if kind in COMMUNICATIONS and _ASKABLE.fullmatch(value):
            found.setdefault(COMMUNICATIONS[kind], []).append(value)
    return {kind: values[:VALUES_MOST] for kind, values in found.items()}


def new_item(deed: Create, kind: str, key: str, user: str) -> dict[str, Any]:
    """The fields of what is created."""
    name = deed.name_given.strip()
    known = next((each.value for each in deed.identities), "")
    who = name or known or "?"
    fields: dict[str, Any] = {
        "originatorId": ORIGINATOR,
        "originId": key,
        "sourceId": SOURCES.get(deed.channel, "OTHER"),
        "sourceDescription": f"{deed.channel} {deed.source}",
    }
    if user:
        fields["assignedById"] = int(user)
    if kind != "contact":
        fields["title"] = (deed.subject.strip() or f"{deed.channel}: {who}").translate(_PLAIN)
    if kind != "deal":
        fields |= {"name": who, "fm": multifields(deed.identities)}
    if deed.text or deed.inquiry:
        fields["comments"] = f"{deed.text}\n{deed.inquiry}".strip().translate(_PLAIN)
    return fields


def multifields(identities: Sequence[Known]) -> list[dict[str, str]]:
    """Numbers, addresses and messengers, as an item has them."""
    words = COMMUNICATIONS | {"handle": "IM"}
    return [
        {"typeId": words[each.kind], "valueType": "OTHER" if each.kind == "handle" else "WORK", "value": each.value}
        for each in identities
    ]


def written(seconds: float) -> str:
    """An instant as Bitrix24 reads it."""
    return utc(seconds).isoformat(timespec="seconds")


def status_of(deed: RegisterCall) -> str:
    """How it ended, in Bitrix24's codes."""
    return STATUS.get(deed.outcome, MISSED)


def registration(deed: RegisterCall, key: str, user: str, who: Reference | None) -> dict[str, Any]:
    """What `telephony.externalCall.register` is told. Nothing is shown to anybody: the call is over."""
    params: dict[str, Any] = {
        "USER_ID": int(user),
        "PHONE_NUMBER": deed.number,
        "TYPE": CALLBACK if deed.direction == "callback" else INCOMING,
        "CALL_START_DATE": written(deed.started_at),
        "CRM_CREATE": 0,
        "SHOW": 0,
        "ADD_TO_CHAT": 0,
        "LINE_NUMBER": deed.line,
        "EXTERNAL_CALL_ID": key,
    }
    if who is not None and who.kind in BY_PHONE:
        params |= {"CRM_ENTITY_TYPE": who.kind.upper(), "CRM_ENTITY_ID": who.id}
    return params


def ending(deed: RegisterCall, call: str, user: str) -> dict[str, Any]:
    """What `telephony.externalCall.finish` is told."""
    return {
        "CALL_ID": call,
        "USER_ID": int(user),
        "DURATION": round(deed.talked),
        "STATUS_CODE": status_of(deed),
        "FAILED_REASON": "" if status_of(deed) == "200" else deed.outcome,
        "ADD_TO_CHAT": 0,
    }


def activity(deed: RegisterCall, key: str, user: str, who: Reference) -> dict[str, Any]:
    """A call as an activity. One that nobody took stays open: somebody is to call back."""
    lines = [f"{deed.outcome}, waited {deed.waited:.0f} s, talked {deed.talked:.0f} s", deed.inquiry]
    lines += [f"recording: {deed.recording}"] if deed.recording else []
    return {
        "OWNER_TYPE_ID": who.type_id,
        "OWNER_ID": who.id,
        "TYPE_ID": CALL_ACTIVITY,
        "DIRECTION": 2 if deed.direction == "callback" else 1,
        "SUBJECT": f"{deed.number} - {deed.line}",
        "DESCRIPTION": "\n".join(lines).translate(_PLAIN),
        "DESCRIPTION_TYPE": 1,
        "COMMUNICATIONS": [{"VALUE": deed.number, "TYPE": "PHONE", "ENTITY_TYPE_ID": who.type_id, "ENTITY_ID": who.id}],
        "RESPONSIBLE_ID": int(user),
        "START_TIME": written(deed.started_at),
        "END_TIME": written(deed.started_at + deed.waited + deed.talked),
        "COMPLETED": "Y" if status_of(deed) == "200" else "N",
        "ORIGINATOR_ID": ORIGINATOR,
        "ORIGIN_ID": key,
    }
