"""By what a customer is known again, written in one way: the only module that says what that way is.

Every text here comes from outside. What cannot be one person's is nobody's: a withheld number, an extension, the
address of a machine that writes for many.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

import idna

from huntgroup.numbering import public_number

LONGEST = 254
"""Characters of an identity; so long may an address be."""
MACHINES = frozenset(
    {
        "noreply",
        "no-reply",
        "no_reply",
        "donotreply",
        "do-not-reply",
        "mailer-daemon",
        "postmaster",
        "bounce",
        "bounces",
    }
)
"""Who writes for many, and is none of them."""
READINGS_MOST = 10
"""A text of more layers than this is nobody's."""
TEXT_MOST = 1_000
"""Characters of a text in which an address is looked for."""
_IN_BRACKETS = re.compile(r"<([^<>]*@[^<>]*)>")
_LABEL = re.compile(r"(?:mailto|e-?mail|mail)[ ]*:[ ]*", re.IGNORECASE)
_ADDRESS = re.compile(r"([^\s<>,;\"()@]+)@([^\s<>,;\"()@?]+)(?=$|[\s,;()?])")


class Kind(StrEnum):
    """What an identity is."""

    PHONE = "phone"
    EMAIL = "email"
    HANDLE = "handle"


class Identity(NamedTuple):
    """One way to know a customer, in the one form in which it is written. A handle is ``network:name``."""

    kind: Kind
    value: str


def phone(text: str, country: str) -> Identity | None:
    """The identity of a number as a caller or a form gives it; None when it is no public number, or none is told."""
    number = public_number(text, country)
    return None if number is None else Identity(Kind.PHONE, number)


def email(text: str) -> Identity | None:
    """The identity of an address as programs and people write it; None when it is none, or a machine's.

    ``Jan <jan@example.org>``, ``mailto:jan@example.org?subject=x`` and words behind it are read. The domain is in the
    form of the DNS (``xn--``), however it was written. Of several addresses it is the first. Reading an identity again
    gives the same one, so that an exported list comes back as it was.
    """
    value = _settled(text, _address)
    return Identity(Kind.EMAIL, value) if value else None


def _settled(text: str, read: Callable[[str], str]) -> str:
    """What is read, and read again until nothing changes (``mail:mail:jan@example.org``, ``@@jan``); empty: nothing."""
    value = read(text)
    for _ in range(READINGS_MOST):
        again = read(value) if value else ""
        if again == value:
            return value
        value = again
    return ""


def _address(text: str) -> str:
    """The address in a text; empty when it has none."""
    if len(text) > TEXT_MOST:
        return ""
    line = "".join(_visible(each) for each in unicodedata.normalize("NFKC", text)).strip()
    bracketed = _IN_BRACKETS.search(line)
    line = bracketed[1].strip() if bracketed else line
    line = line[1:-1] if line[:1] == line[-1:] == "'" else line
    label = _LABEL.match(line)
    found = _ADDRESS.match(line[label.end() :] if label else line)
    if found is None:
        return ""
    local, host = unicodedata.normalize("NFC", found[1].casefold()), _domain(found[2].strip("."))
    if not host or len(local) + len(host) + 1 > LONGEST or local.partition("+")[0] in MACHINES:
        return ""
    return f"{local}@{host}"


def _visible(sign: str) -> str:
    """A space for every kind of it and for line breaks; nothing for what cannot be seen."""
    match unicodedata.category(sign)[0]:
        case "Z":
            return " "
        case "C":
            return " " if sign.isspace() else ""
    return sign


def _domain(text: str) -> str:
    """As the DNS has it; empty for what is no domain."""
    lowered = text.casefold() if text.isascii() else text
    if lowered.isascii() and "xn--" not in lowered:
        return lowered
    try:
        return idna.encode(lowered, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return lowered if lowered.isascii() else ""


def older_form(identity: Identity) -> Identity:
    """How an earlier version wrote the same address: its domain as it had been typed. Itself where nothing differs."""
    local, at, domain = identity.value.rpartition("@")
    if identity.kind is not Kind.EMAIL or "xn--" not in domain:
        return identity
    try:
        older = unicodedata.normalize("NFC", idna.decode(domain)).casefold()
    except (idna.IDNAError, UnicodeError):
        return identity
    return Identity(Kind.EMAIL, f"{local}{at}{older}") if _domain(older) == domain else identity


def handle(network: str, name: str) -> Identity | None:
    """The identity of a name in another network; None when either is empty."""
    where, who = _settled(network, _handle_part), _settled(name, _handle_name)
    value = f"{where}:{who}"
    if not where or not who or ":" in where or len(value) > LONGEST:
        return None
    return Identity(Kind.HANDLE, value)


def _handle_name(text: str) -> str:
    return _handle_part(text).removeprefix("@")


def _handle_part(text: str) -> str:
    """In the one form, without what cannot be seen."""
    if len(text) > TEXT_MOST:
        return ""
    visible = "".join(_visible(each) for each in unicodedata.normalize("NFKC", text)).strip()
    return unicodedata.normalize("NFKC", visible.casefold())


def identities(
    country: str, *, phone_text: str = "", email_text: str = "", handles: Iterable[tuple[str, str]] = ()
) -> tuple[Identity, ...]:
    """All of one customer's, without what is nobody's, each once."""
    found = [phone(phone_text, country) if phone_text else None, email(email_text) if email_text else None]
    found += [handle(network, name) for network, name in handles]
    return tuple(dict.fromkeys(each for each in found if each is not None))


OWN: Mapping[str, Kind | None] = {"call": Kind.PHONE, "mail": Kind.EMAIL, "chat": Kind.HANDLE, "form": None}
"""By channel, what the channel itself vouches for; everything else was typed by somebody, who may be anybody."""
