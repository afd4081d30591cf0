"""A Bitrix24 portal on loopback that behaves as its public documentation says: ids, limits, errors, batches."""

import json
import re
import time
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.lab.crm import Server

CODE = "abcdef0123456789"
USER = 1
KINDS = {1: "LEAD", 2: "DEAL", 3: "CONTACT", 4: "COMPANY"}
_PART = re.compile(r"\[([^\]]*)\]")
_EARLIER = re.compile(r"\$result((?:\[[^\]]+\])+)")
THIRTY_MINUTES = 1800


class Wrong(Exception):  # noqa: N818 - Bitrix24's answer
    """An error as it is answered."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.status = status
        self.data = {"error": error, "error_description": description}


class Portal(Server):
    """``items`` by type and id, ``calls`` by CALL_ID, ``activities``; ``is_application`` gives a webhook telephony."""

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[int, dict[int, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self.calls: dict[str, dict[str, Any]] = {}
        self.finished: list[dict[str, Any]] = []
        self.activities: list[dict[str, Any]] = []
        self.users = {USER, 12, 15}
        self.scopes = ["crm", "telephony"]
        self.has_telephony = True
        self.threshold, self.per_second = 50.0, 2.0
        self.error: Wrong | None = None
        self.methods: list[str] = []
        self._level, self._at = 0.0, time.monotonic()
        self._next = 100

    @property
    def hook(self) -> str:
        return f"{self.address}/rest/{USER}/{CODE}/"

    def put(self, kind: int, *, phone: str = "", email: str = "", **fields: Any) -> int:
        """An item that was there before us."""
        multi = [{"typeId": name, "value": value} for name, value in (("PHONE", phone), ("EMAIL", email)) if value]
        return self._add(kind, {"fm": multi, **fields})

    def of(self, kind: int) -> list[dict[str, Any]]:
        return list(self.items[kind].values())

    async def answer(self, request: web.Request) -> web.Response:
        params = json.loads(await request.read() or b"{}")
        try:
            self._count()
            self._let_in(request)
            method = request.path.rsplit("/", 1)[1].removesuffix(".json")
            result = self._batch(params) if method == "batch" else self._do(method, params)
        except Wrong as wrong:
            return web.json_response(wrong.data, status=wrong.status)
        return web.json_response({"result": result, "time": {"start": 1.0, "operating": 0}})

    def _let_in(self, request: web.Request) -> None:
        if not request.path.startswith(f"/rest/{USER}/{CODE}/"):
            raise Wrong("NO_AUTH_FOUND", "Wrong authorization data", 401)
        if self.error is not None:
            raise self.error

    def _count(self) -> None:
        now = time.monotonic()
        self._level = max(0.0, self._level - (now - self._at) * self.per_second) + 1
        self._at = now
        if self._level > self.threshold:
            raise Wrong("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)

    # -- batch --------------------------------------------------------------------------------------------------------

    def _batch(self, params: dict[str, Any]) -> dict[str, Any]:
        results: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for place, (name, line) in enumerate(params["cmd"].items()):
            method, _, query = line.partition("?")
            try:
                may_be_in_a_batch(method, place)
                results[name] = self._do(method, nested(query, results))
            except Wrong as wrong:
                errors[name] = wrong.data
                if params.get("halt"):
                    break
        # An empty table is a list: PHP knows no difference.
        return {"result": results or [], "result_error": errors or [], "result_total": [], "result_next": []}

    # -- methods ------------------------------------------------------------------------------------------------------

    def _do(self, method: str, params: dict[str, Any]) -> Any:
        self.methods.append(method)
        name = method.lower().replace(".", "_")
        found = getattr(self, f"_{name}", None)
        if found is None:
            raise Wrong("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
        return found(params)

    def _profile(self, _: dict[str, Any]) -> Any:
        return {"ID": str(USER), "ADMIN": True, "NAME": "Vera", "LAST_NAME": "Nowak"}

    def _scope(self, _: dict[str, Any]) -> Any:
        return self.scopes

    def _crm_duplicate_findbycomm(self, params: dict[str, Any]) -> Any:
        if params.get("type") not in ("PHONE", "EMAIL"):
            raise Wrong("Communication type is not defined", "Parameter 'type' is required.")
        wanted = {plain(each) for each in params["values"]}
        found = {
            KINDS[kind]: [number for number, item in items.items() if wanted & values(item, params["type"])]
            for kind, items in self.items.items()
            if kind != 2
        }
        return {kind: numbers for kind, numbers in found.items() if numbers} or []

    def _crm_item_get(self, params: dict[str, Any]) -> Any:
        return {"item": self._item(params)}

    def _crm_item_list(self, params: dict[str, Any]) -> Any:
        wanted = {name.removeprefix("="): value for name, value in params["filter"].items()}
        items = [each for each in self.of(int(params["entityTypeId"])) if wanted.items() <= each.items()]
        return {"items": items[:50]}

    def _crm_item_add(self, params: dict[str, Any]) -> Any:
        kind = int(params["entityTypeId"])
        return {"item": self.items[kind][self._add(kind, params["fields"])]}

    def _crm_item_update(self, params: dict[str, Any]) -> Any:
        item = self._item(params)
        user = params["fields"].get("assignedById")
        if user not in self.users:
            raise Wrong("CRM_FIELD_ERROR_VALUE_NOT_VALID", 'Invalid value for field "assignedById"')
        item["assignedById"] = user
        return {"item": item}

    def _crm_activity_list(self, params: dict[str, Any]) -> Any:
        return [each for each in self.activities if params["filter"].items() <= each.items()]

    def _crm_activity_add(self, params: dict[str, Any]) -> Any:
        fields = params["fields"]
        self._item({"entityTypeId": fields["OWNER_TYPE_ID"], "id": fields["OWNER_ID"]})
        self.activities.append({"ID": str(len(self.activities) + 1), **fields})
        return len(self.activities)

    def _telephony_externalcall_register(self, params: dict[str, Any]) -> Any:
        self._needs_application(params)
        if not re.fullmatch(r"\+?[0-9]{3,}", params["PHONE_NUMBER"]):
            raise Wrong("ERROR_CORE", "Unsupported phone number format")
        same = ("PHONE_NUMBER", "TYPE", "USER_ID", "LINE_NUMBER", "EXTERNAL_CALL_ID")
        for call, before in self.calls.items():
            is_fresh = time.monotonic() - before["at"] < THIRTY_MINUTES
            if is_fresh and all(before.get(name) == params.get(name) for name in same):
                return {"CALL_ID": call}
        call = f"externalCall.{len(self.calls) + len(self.finished)}"
        self.calls[call] = {**params, "at": time.monotonic()}
        return {"CALL_ID": call, "CRM_CREATED_LEAD": None, "CRM_CREATED_ENTITIES": []}

    def _telephony_externalcall_finish(self, params: dict[str, Any]) -> Any:
        self._needs_application(params)
        call = self.calls.pop(params["CALL_ID"], None)
        if call is None:
            raise Wrong("ERROR_CORE", "Call is not found (call should be registered prior to finishing)")
        self.finished.append({**call, **params})
        return {"CALL_ID": params["CALL_ID"], "CALL_STATUS": 1}

    def _needs_application(self, params: dict[str, Any]) -> None:
        if not self.has_telephony:
            raise Wrong("WRONG_AUTH_TYPE", "Current authorization type is denied for this method", 403)
        if params.get("USER_ID") not in self.users:
            raise Wrong("ERROR_CORE", "User is not found or is not active")

    def _item(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.items.get(int(params["entityTypeId"]), {})
        number = str(params["id"])
        if not number.isdigit() or int(number) not in found:
            raise Wrong("NOT_FOUND", "Item not found")
        return found[int(number)]

    def _add(self, kind: int, fields: dict[str, Any]) -> int:
        self._next += 1
        self.items[kind][self._next] = {"id": self._next, "assignedById": USER, "entityTypeId": kind, **fields}
        return self._next


def may_be_in_a_batch(method: str, place: int) -> None:
    if place >= 50:
        raise Wrong("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
    if method == "batch":
        raise Wrong("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", 405)


def plain(number: str) -> str:
    return number.removeprefix("+").lower()


def values(item: dict[str, Any], kind: str) -> set[str]:
    return {plain(each["value"]) for each in item.get("fm", ()) if each["typeId"] == kind}


def nested(query: str, results: dict[str, Any]) -> dict[str, Any]:
    """A query as PHP reads it, with earlier results put in."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        path = [name.split("[", 1)[0], *_PART.findall(name)]
        here = found
        for part in path[:-1]:
            here = here.setdefault(part, {})
        here[path[-1]] = _EARLIER.sub(lambda match: earlier(match[1], results), value)
    return {name: listed(value) for name, value in found.items()}


def listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: listed(each) for name, each in value.items()}
    return list(inner.values()) if inner and all(name.isdigit() for name in inner) else inner


def earlier(path: str, results: dict[str, Any]) -> str:
    here: Any = results
    for part in _PART.findall(path):
        try:
            here = here[int(part)] if isinstance(here, list) else here[part]
        except (LookupError, ValueError, TypeError):
            return ""
    return str(here)
