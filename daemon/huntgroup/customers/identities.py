"""By what a customer is known again, written in one way: the only module that says what that way is.

Every text here comes from outside. What cannot be one person's is nobody's: a withheld number, an extension, the
address of a machine that writes for many.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from huntgroup.numbering import public_number

LONGEST = 254
"""Characters of an identity; so long may an address be."""
WITHHELD = frozenset(
    {
        "+266696687",  # ANONYMOUS on a keypad, as some networks send it; then RESTRICTED and UNAVAILABLE
        "+7378742833",
        "+86282452253",
    }
)
"""Numbers that stand for none."""
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
_BETWEEN_DIGITS = str.maketrans("", "", " \t\u00a0\u202f-./()\u2010\u2011\u2012\u2013")


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
    digits = text.strip().removeprefix("tel:").replace("(0)", "").translate(_BETWEEN_DIGITS)
    number = public_number(digits, country)
    return None if number is None or number in WITHHELD else Identity(Kind.PHONE, number)


def email(text: str) -> Identity | None:
    """The identity of an address; None when it is none, or a machine's that writes for many."""
    address = unicodedata.normalize("NFC", text).strip().strip("<>").casefold()
    local, at, domain = address.rpartition("@")
    if not (local and at and domain.strip(".")) or len(address) > LONGEST:
        return None
    if any(unicodedata.category(each)[0] in "CZ" for each in address) or set(address) & set('<>,;"()'):
        return None
    if local.partition("+")[0] in MACHINES:
        return None
    return Identity(Kind.EMAIL, f"{local}@{domain.rstrip('.')}")


def handle(network: str, name: str) -> Identity | None:
    """The identity of a name in another network; None when either is empty."""
    where = unicodedata.normalize("NFKC", network).strip().casefold()
    who = unicodedata.normalize("NFKC", name).strip().removeprefix("@").casefold()
    value = f"{where}:{who}"
    if not where or not who or ":" in where or len(value) > LONGEST:
        return None
    if any(unicodedata.category(each)[0] == "C" for each in value):
        return None
    return Identity(Kind.HANDLE, value)


def identities(
    country: str, *, phone_text: str = "", email_text: str = "", handles: Iterable[tuple[str, str]] = ()
) -> tuple[Identity, ...]:
    """All of one customer's, without what is nobody's, each once."""
    found = [phone(phone_text, country) if phone_text else None, email(email_text) if email_text else None]
    found += [handle(network, name) for network, name in handles]
    return tuple(dict.fromkeys(each for each in found if each is not None))


OWN: Mapping[str, Kind | None] = {"call": Kind.PHONE, "mail": Kind.EMAIL, "chat": Kind.HANDLE, "form": None}
"""By channel, what the channel itself vouches for; everything else was typed by somebody, who may be anybody."""


# -- names ----------------------------------------------------------------------------------------------------------


def words_of(name: str) -> frozenset[str]:
    """A name as the words that it has, in any order, without case and accents; a number in its place is no name."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(each))
    plain = plain.replace("ł", "l").replace("ø", "o")
    words = "".join(each if each.isalnum() else " " for each in plain).split()
    return frozenset(each for each in words if not each.isdigit())


def agree(one: str, other: str) -> bool:
    """Whether two names may be one person's: every word of the shorter is in the longer, or begins one there.

    Who gives no name contradicts nobody. ``Jan Kowalski`` and ``J. Kowalski`` agree, he and ``Maria Kowalska`` do not.
    """
    mine, theirs = words_of(one), words_of(other)
    return (len(mine) <= len(theirs) and _is_within(mine, theirs)) or (
        len(theirs) <= len(mine) and _is_within(theirs, mine)
    )


def _is_within(few: frozenset[str], many: frozenset[str]) -> bool:
    return all(word in many or (len(word) == 1 and any(each[0] == word for each in many)) for word in few)
