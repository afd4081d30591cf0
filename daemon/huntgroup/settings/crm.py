"""The CRM's table of the configuration, and what must hold in it."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from huntgroup.settings.outline import Data, ids, table
from huntgroup.settings.secret import HoldsSecret
from huntgroup.settings.values import Duration, FilePath, Items, PositiveDuration, Text
from huntgroup.settings.words import Complaint, Finding, shown, suggestion

_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_HOOK = re.compile(r"/rest/(?P<user>[0-9]{1,18})/[A-Za-z0-9]{4,128}/?")
_USER = re.compile(r"[1-9][0-9]{0,17}")
_BUDGET_MOST = 5.0
_TIMEOUT_MOST = 60.0
_KEY_PREFIX = "whsec_"
_KEY_LEAST, _KEY_MOST = 24, 512
"""Bytes of a signature's key, as the Standard Webhooks specification wants them."""


def read_address(value: str) -> str:
    """An address to post to: over TLS, or on this very machine.

    Raises:
        Complaint: for anything else. The value is not shown: it may hold a secret.
    """
    right = 'write it as in "https://crm.example/huntgroup"'
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise Complaint("is not a web address", right) from None
    if not value.isascii() or not value.isprintable() or " " in value:
        raise Complaint("is not a web address", right)
    if "@" in parts.netloc:
        raise Complaint("names a user", "leave the user out; what is posted is signed with the secret")
    if parts.scheme not in ("https", "http") or not parts.hostname or not _HOST.fullmatch(parts.hostname) or port == 0:
        raise Complaint("is not a web address", right)
    if parts.scheme == "http" and _LOOPBACK.fullmatch(parts.hostname) is None:
        raise Complaint("would send customers' names and numbers in the clear", "write it with https://")
    if parts.fragment:
        raise Complaint("has a fragment, which is never sent", right)
    return value


def read_hook(secret: str) -> str:
    """The address of a Bitrix24 inbound webhook, without a slash at its end.

    Raises:
        Complaint: when it is none. It is never shown.
    """
    right = 'put its whole address in it, as Bitrix24 shows it: "https://HOST/rest/USER/CODE/"'
    try:
        read_address(secret)
    except Complaint as complaint:
        raise Complaint(f"holds no webhook's address: it {complaint.wrong}", right) from None
    parts = urlsplit(secret)
    if _HOOK.fullmatch(parts.path) is None or parts.query:
        raise Complaint("holds no webhook's address", right)
    return secret.rstrip("/")


def hook_user(hook: str) -> str:
    """Whose webhook it is: the user's number."""
    found = _HOOK.fullmatch(urlsplit(hook).path)
    return found["user"] if found else ""


def read_key(secret: str) -> bytes:
    """The key of a signature: what follows ``whsec_`` in base64, else the text itself.

    Raises:
        Complaint: when it is too short to be one.
    """
    right = f"make one with `echo {_KEY_PREFIX}$(openssl rand -base64 32)`"
    key = secret.encode()
    if secret.startswith(_KEY_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_KEY_PREFIX), validate=True)
        except binascii.Error:
            raise Complaint(f"is not base64 behind {_KEY_PREFIX}", right) from None
    if not _KEY_LEAST <= len(key) <= _KEY_MOST:
        raise Complaint(f"is a key of {len(key)} bytes, and {_KEY_LEAST} to {_KEY_MOST} are needed", right)
    return key


def _within_a_call(seconds: float) -> float:
    if seconds > _BUDGET_MOST:
        raise Complaint("is too long for a caller to wait", f'write at most "{_BUDGET_MOST:g}s"')
    return seconds


def _within_reason(seconds: float) -> float:
    if seconds > _TIMEOUT_MOST:
        raise Complaint("is longer than any CRM works on one request", f'write at most "{_TIMEOUT_MOST:g}s"')
    return seconds


class Crm(HoldsSecret):
    """A CRM. A file without this table asks and tells none.

    The secret is, with `http`, the key by which every message is signed; with `bitrix24` the whole address of an
    inbound webhook.
    """

    type: Annotated[Literal["http", "bitrix24"], Field(examples=['"http"'])]
    """`http`: any CRM, by signed messages to one address of its own; `bitrix24`: its REST interface."""

    url: Annotated[str, AfterValidator(read_address)] | None = None
    """With `http`: where everything is posted."""

    ca_file: FilePath | None = None
    """The authorities to trust; by default the system's."""

    budget: Annotated[Duration, AfterValidator(_within_a_call)] = 0.3
    """So long an inquiry waits for the CRM to say who an unknown customer is; 0: it is not asked."""

    timeout: Annotated[PositiveDuration, AfterValidator(_within_reason)] = 10.0
    """So long anything else may take."""

    look_up: Items[Literal["phone", "email", "handle"]] = ("phone", "email")
    """By which identities the CRM is asked."""

    give_up_after: PositiveDuration = 7 * 86400.0
    """What cannot be told for so long is given up, and kept for `huntgroup crm retry`."""

    users: dict[str, Text] = Field(default_factory=dict)
    """By operator, what the CRM calls them. Not listed: with `http` they have their own id, with `bitrix24` none."""

    @property
    def where(self) -> str:
        """Whom this talks to, for people; never a secret."""
        return f"{self.type} {urlsplit(self.url or '').netloc}".strip()


def crm_tables(data: Data) -> Iterator[Finding]:
    """What must hold between the keys of the table, and between it and the operators."""
    crm = table(data, "crm")
    if crm.get("type") == "http" and "url" not in crm:
        yield Finding(("crm", "url"), "is missing", 'say where to post, as in `url = "https://crm.example/huntgroup"`')
    if crm.get("type") == "bitrix24":
        yield from _bitrix24(crm)
    yield from _users(data, crm)


def _bitrix24(crm: Data) -> Iterator[Finding]:
    if "url" in crm:
        right = "leave it out: the secret is the webhook's whole address"
        yield Finding(("crm", "url"), 'has no use with type = "bitrix24"', right)
    asked = crm.get("look_up")
    if isinstance(asked, list) and "handle" in asked:
        place = ("crm", "look_up", asked.index("handle"))
        yield Finding(place, "Bitrix24 cannot be asked by handle", 'use "phone" and "email"')
    for operator, user in table(crm, "users").items():
        if isinstance(user, str) and _USER.fullmatch(user) is None:
            right = 'write the number at the end of their profile\'s address, as in "12"'
            yield Finding(("crm", "users", operator), f"{shown(user)} is no user of Bitrix24", right)


def _users(data: Data, crm: Data) -> Iterator[Finding]:
    operators = ids(data, "operators")
    owner: dict[str, str] = {}
    for operator, user in table(crm, "users").items():
        key = ("crm", "users", operator)
        if operator not in operators:
            right = suggestion(operator, operators, "describe them in an `[[operators]]` table")
            yield Finding(key, f"there is no operator {shown(operator)}", right)
        if isinstance(user, str):
            if user in owner:
                yield Finding(key, f"{shown(user)} is {shown(owner[user])} already", "give each operator their own")
            owner.setdefault(user, operator)


def crm_secret(data: Data, secret: str) -> None:
    """Whether a secret can be the CRM's.

    Raises:
        Complaint: when it cannot, without showing it.
    """
    kind = table(data, "crm").get("type")
    if kind == "bitrix24":
        read_hook(secret)
    elif kind == "http":
        read_key(secret)
