"""Bitrix24 as a CRM of ours.

It knows no key by which it would do a thing once. So everything that is made there carries the deed's key as its
origin, and is looked for by that first; a request whose answer was lost is not repeated before Bitrix24 must have ended
it.
"""

from collections.abc import Sequence
from typing import Any

import structlog

from huntgroup.adapters.crm.bitrix24 import items
from huntgroup.adapters.crm.bitrix24.items import ORIGINATOR, TYPES, Reference
from huntgroup.adapters.crm.bitrix24.portal import Answers, NeedsApplication, Params, Portal
from huntgroup.crm.deeds import Create, Known, RegisterCall, SetResponsible
from huntgroup.crm.words import Contact, CrmAway, CrmRefused, CrmShut, Errand, Identity, NotForCrm

log = structlog.get_logger(__name__)

SCOPES = ("crm",)
"""Without these nothing works."""
TELEPHONY = "telephony"
LONGEST_CALL_ID = 200
SETTLES_WITHIN = 60.0
"""Seconds: Bitrix24 ends every request by then, so what cannot be found after that was not done."""
CALL = "call"
_OVER = "call is not found"
"""What a finished call is to who finishes it again."""

Commands = dict[str, tuple[str, Params]]


class Bitrix24:
    """See `huntgroup.crm.words.Crm`. ``user`` is whose webhook it is: what nobody took is written down as theirs."""

    def __init__(self, portal: Portal, user: str) -> None:
        self.settles_within = SETTLES_WITHIN
        self._portal = portal
        self._user = user
        self._has_telephony = True

    async def look_up(self, identities: Sequence[Identity]) -> Contact | None:
        """Who that is: one request for all of it. Raises CrmError."""
        commands: Commands = {}
        for word, values in items.askable(identities).items():
            commands[word] = ("crm.duplicate.findbycomm", {"type": word, "values": values})
            for kind in items.BY_PHONE:
                number = f"$result[{word}][{kind.upper()}][0]"
                commands[f"{word}_{kind}"] = ("crm.item.get", {"entityTypeId": TYPES[kind], "id": number})
        if not commands:
            return None
        answers = await self._portal.batch(commands, is_urgent=True)
        for word in items.askable(identities):
            found = items.first_found(answers.of(word))
            if found is not None:
                item = items.item_in(answers.of(f"{word}_{found.kind}"))
                if item.id != found.id:
                    raise CrmAway(f"answered with the {found.kind} {item.id} for {found.id}")
                return items.contact_of(found.kind, item)
        return None

    async def create(self, deed: Create, errand: Errand) -> str:
        """Create it, unless that is done, or the customer is known there after all. Raises CrmError."""
        first = "contact" if deed.kind == "deal" else deed.kind
        answers = await self._portal.batch({**_made_before(first, errand.key), **_search(deed.identities)})
        who = before = _origin(answers, first)
        if who is None:
            known = _known(answers, deed.identities)
            if known is not None:
                return str(known)
            who = await self._add(first, items.new_item(deed, first, errand.key, errand.user))
        if deed.kind == "deal":
            await self._deal(deed, errand, who, is_again=before is not None)
        return str(who)

    async def register_call(self, deed: RegisterCall, errand: Errand) -> None:
        """Register and finish it, or where that is for applications only, write it down as an activity."""
        if not deed.number:
            raise NotForCrm("the number was withheld")
        who = items.reference_from(errand.reference)
        user = errand.user or self._user
        if self._has_telephony:
            try:
                await self._by_telephony(deed, errand, user, who)
            except NeedsApplication as error:
                self._has_telephony = False
                log.warning("crm.calls_as_activities", error=str(error))
            else:
                return
        await self._by_activity(deed, errand, user, who)

    async def set_responsible(self, deed: SetResponsible, errand: Errand) -> None:
        """Assign the customer's item to the operator's user. Raises CrmError."""
        if not errand.user:
            raise NotForCrm(f"[crm.users] names no user for {deed.operator or 'nobody'}")
        who = items.reference_from(errand.reference) or await self._found(deed.identities)
        if who is None:
            raise NotForCrm("the customer is not known there")
        fields = {"assignedById": int(errand.user)}
        await self._portal.call("crm.item.update", {"entityTypeId": who.type_id, "id": who.id, "fields": fields})

    async def examine(self) -> str:
        """Ask whose webhook it is, and what it may do. Raises CrmError."""
        answers = await self._portal.batch({"who": ("profile", {}), "scopes": ("scope", {})}, is_urgent=True)
        scopes, who = answers.of("scopes"), answers.of("who")
        if not isinstance(scopes, list) or not isinstance(who, dict):
            raise CrmAway("answered with no list of rights")
        missing = [each for each in SCOPES if each not in scopes]
        if missing:
            raise CrmShut(f"insufficient_scope: the webhook lacks {', '.join(missing)}")
        calls = "" if TELEPHONY in scopes else ", and calls are written down as activities: it has no right `telephony`"
        return f"the webhook is of user {str(who.get('ID', '?'))[:18]}{calls}"

    async def close(self) -> None:
        """Let the connections go."""
        await self._portal.close()

    # -- creating -----------------------------------------------------------------------------------------------------

    async def _add(self, kind: str, fields: Params) -> Reference:
        result = await self._portal.call("crm.item.add", {"entityTypeId": TYPES[kind], "fields": fields})
        return Reference(kind, items.item_in(result).id)

    async def _deal(self, deed: Create, errand: Errand, contact: Reference, *, is_again: bool) -> None:
        if is_again and _origin(await self._portal.batch(_made_before("deal", errand.key)), "deal"):
            return
        fields = items.new_item(deed, "deal", errand.key, errand.user) | {"contactId": contact.id}
        await self._add("deal", fields)

    async def _found(self, identities: Sequence[Known]) -> Reference | None:
        commands = _search(identities)
        return _known(await self._portal.batch(commands), identities) if commands else None

    # -- calls --------------------------------------------------------------------------------------------------------

    async def _by_telephony(self, deed: RegisterCall, errand: Errand, user: str, who: Reference | None) -> None:
        call = errand.done.get(CALL)
        if call is None:
            params = items.registration(deed, errand.key, user, who)
            call = _call_id(await self._portal.call("telephony.externalCall.register", params))
            await errand.keep({CALL: call})
        try:
            await self._portal.call("telephony.externalCall.finish", items.ending(deed, call, user))
        except NeedsApplication:
            raise
        except CrmRefused as error:
            if CALL not in errand.done or _OVER not in str(error).lower():
                raise

    async def _by_activity(self, deed: RegisterCall, errand: Errand, user: str, who: Reference | None) -> None:
        known = (Known(kind="phone", value=deed.number),)
        filter_ = {"ORIGINATOR_ID": ORIGINATOR, "ORIGIN_ID": errand.key}
        commands: Commands = {"before": ("crm.activity.list", {"filter": filter_, "select": ["ID"]})}
        answers = await self._portal.batch(commands | ({} if who else _search(known)))
        if answers.of("before"):
            return
        who = who or _known(answers, known)
        if who is None:
            raise NotForCrm("nobody is known there by this number")
        await self._portal.call("crm.activity.add", {"fields": items.activity(deed, errand.key, user, who)})


def _made_before(kind: str, key: str) -> Commands:
    """Asks for what an earlier try of the same deed made."""
    params = {
        "entityTypeId": TYPES[kind],
        "filter": {"=originatorId": ORIGINATOR, "=originId": key},
        "select": ["id"],
    }
    return {"before": ("crm.item.list", params)}


def _origin(answers: Answers, kind: str) -> Reference | None:
    found = items.first_item_in(answers.of("before"))
    return None if found is None else Reference(kind, found.id)


def _search(identities: Sequence[Known]) -> Commands:
    asked = items.askable([(each.kind, each.value) for each in identities])
    return {word: ("crm.duplicate.findbycomm", {"type": word, "values": values}) for word, values in asked.items()}


def _known(answers: Answers, identities: Sequence[Known]) -> Reference | None:
    found = (items.first_found(answers.of(word)) for word in _search(identities))
    return next((each for each in found if each is not None), None)


def _call_id(result: Any) -> str:
    call = result.get("CALL_ID") if isinstance(result, dict) else None
    if not isinstance(call, str) or not call or len(call) > LONGEST_CALL_ID:
        raise CrmAway("registered a call without saying which")
    return call
