"""Telephone numbers in the forms in which trunks send them, and the one form that they all mean.

The form is E.164 with its ``+``. A number that is none of the public network's, such as an extension, is its own form.
Countries are ISO 3166 codes in lower case, as in the configuration; Asterisk's own `uk` and `us-old` are known, too.

`public_number` reads the numbers of callers and customers, from wherever they come: calls, MQTT, lists, commands.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

import phonenumbers
from phonenumbers import (
    Leniency,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    PhoneNumberType,
)
from phonenumbers import ValidationResult as Length

_REGIONS = {"uk": "GB", "us-old": "US"}
_ORDINARY = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
    }
)
"""What costs the usual: neither premium nor shared cost, no satellite."""
_FREE = frozenset({PhoneNumberType.TOLL_FREE})
EXTENSION_MOST = 5
"""Digits: so short a number is an extension of the house, also where the country has such lengths (as Germany), unless
it is a valid one there."""
INTERNATIONAL_PREFIX = "00"
"""What the ITU recommends in front of a number abroad; trunks send it in countries with another prefix, too."""
NUMBER_TEXT_MOST = 250
"""Characters of a text in which a number is looked for."""
SPELLED = frozenset({"266696687", "7378742833", "86282452253"})
"""ANONYMOUS, RESTRICTED and UNAVAILABLE on a keypad, as some networks send them. Shorter words are somebody's number in
some country."""
_RUN_LEAST, _RUN_MOST = 7, 9
_COUNTING = "0123456789" * 3
_RUNS = frozenset(
    text[start : start + length]
    for text in (_COUNTING, _COUNTING[::-1], *(digit * _RUN_MOST for digit in "0123456789"))
    for length in range(_RUN_LEAST, _RUN_MOST + 1)
    for start in range(len(text) - length + 1)
)
"""A number that is one digit again and again, or counts up or down, was made up: 123456789, 000000000. Of a longer one
the last nine digits count."""
_SEPARATORS = re.compile(r"[\s()./-]")
_TRUNK_ZERO = "(0)"
_WRITTEN = re.compile(r"(?<![\w+])[(]?\+?[(]?[0-9](?:[ ()./-]{0,3}[0-9])*(?![0-9])")
"""Digits and what people part them by. No letter stands directly in front: those are the name of something else."""
_EXTENSION_MARK = re.compile(r"(?:x|ext|wew)", re.IGNORECASE)


def region(country: str) -> str:
    """The ISO code of a country of the configuration."""
    return _REGIONS.get(country, country.upper())


def country_code(text: str) -> str | None:
    """A country as the configuration keeps it, in lower case; None: it has no telephone numbers."""
    country = text.lower()
    return country if text.isascii() and region(country) in phonenumbers.SUPPORTED_REGIONS else None


def forms(number: str, country: str) -> tuple[str, ...]:
    """Every way in which a trunk in ``country`` may write a number of the configuration; its one form comes first.

    ``+48221234567`` is in Poland ``48221234567``, ``0048221234567`` and ``221234567``, too. A number whose length no
    number of its country has stands for itself alone.
    """
    parsed = _parsed(number, country)
    if parsed is None or phonenumbers.is_possible_number_with_reason(parsed) != Length.IS_POSSIBLE:
        return (number,)
    if len(number) <= EXTENSION_MOST and number.isdigit() and not phonenumbers.is_valid_number(parsed):
        return (number,)
    full = _e164(parsed)
    found = [full, number, full[1:], INTERNATIONAL_PREFIX + full[1:]]
    metadata = PhoneMetadata.metadata_for_region(region(country))
    if metadata is not None:
        prefix = metadata.international_prefix or ""
        if prefix.isdigit():
            found.append(prefix + full[1:])
        if metadata.country_code == parsed.country_code:
            national = phonenumbers.national_significant_number(parsed)
            found += [national, (metadata.national_prefix or "") + national]
    return tuple(dict.fromkeys(found))


def normal(number: str, country: str) -> str:
    """The one form of a number of the configuration."""
    return forms(number, country)[0]


def table(numbers: Iterable[str], country: str) -> Mapping[str, str]:
    """For every form of these numbers the one form. No two of them may have a form in common."""
    return {form: forms(number, country)[0] for number in numbers for form in forms(number, country)}


def caller_number(text: str, country: str) -> str:
    """A caller's number in E.164 where it is a valid one, else as it came: any text at all, and not to be trusted."""
    parsed = _read(text, country)
    return text if parsed is None or stands_for_none(parsed) else _e164(parsed)


def public_number(text: str, country: str) -> str | None:
    """The number in a text as people and programs write it, in E.164; None: it has none of the public network.

    A scheme (``tel:``), an extension, words around it, invisible characters and digits of any script do not matter. Of
    several numbers it is the first. Numbers that stand for none are None.
    """
    parsed = _read(text, country)
    return None if parsed is None or stands_for_none(parsed) else _e164(parsed)


def stands_for_none(number: PhoneNumber) -> bool:
    """Whether a number, valid as it may be, is what networks send or people type when they give none."""
    national = phonenumbers.national_significant_number(number)
    full = f"{number.country_code}{national}"
    return not SPELLED.isdisjoint((national, full)) or national[-_RUN_MOST:] in _RUNS


def may_be_called_back(number: str, country: str, countries: Iterable[str]) -> bool:
    """Whether a caller's number is an ordinary one of these countries.

    Anybody can call with any number, so whoever is called back by it may cost its owner's share in a premium number.
    """
    parsed = _read(number, country)
    if parsed is None or stands_for_none(parsed) or phonenumbers.number_type(parsed) not in _ORDINARY:
        return False
    return phonenumbers.region_code_for_number(parsed) in {region(each) for each in countries}


def is_ordinary(number: str) -> bool:
    """Whether a number in E.164 is a valid one that costs the usual or nothing.

    Premium rate, shared cost, personal and satellite numbers are not, and neither is one that no numbering plan has.
    """
    try:
        parsed = phonenumbers.parse(number, None)
    except NumberParseException:
        return False
    kind = phonenumbers.number_type(parsed)
    if kind in _FREE:
        return True
    # Satellite networks and the international premium rate have country codes of their own, which belong to no region;
    # phonenumbers calls some of their numbers mobile ones.
    return kind in _ORDINARY and phonenumbers.region_code_for_number(parsed) in phonenumbers.SUPPORTED_REGIONS


def read_ahead(countries: Iterable[str]) -> None:
    """Read what is known of these countries' numbers: later it would cost the first caller of each a millisecond."""
    for country in countries:
        PhoneMetadata.metadata_for_region(region(country))


@lru_cache(maxsize=1024)
def _read(text: str, country: str) -> PhoneNumber | None:
    """The first valid number in a text. Mostly the text is nothing but the number: that is tried first."""
    found = _valid(text, country)
    if found is not None or len(text) > NUMBER_TEXT_MOST:
        return found
    line = _plain_digits(text).strip()
    found = _valid(_SEPARATORS.sub("", line.replace(_TRUNK_ZERO, "")), country)
    if found is not None:
        return found
    for written in _WRITTEN.finditer(line):
        behind = line[written.end() : written.end() + 3]
        if behind[:1].isalpha() and not _EXTENSION_MARK.match(behind):
            continue  # a name that begins with digits
        found = _valid(_SEPARATORS.sub("", written[0].replace(_TRUNK_ZERO, "")), country) or _first(written[0], country)
        if found is not None:
            return found
    return None


def _first(written: str, country: str) -> PhoneNumber | None:
    """The first of several numbers that only separators part."""
    matches = PhoneNumberMatcher(written, region(country), leniency=Leniency.VALID, max_tries=10)
    return next((match.number for match in matches), None)


def _valid(digits: str, country: str) -> PhoneNumber | None:
    parsed = _parsed(digits, country)
    return parsed if parsed is not None and phonenumbers.is_valid_number(parsed) else None


def _plain_digits(text: str) -> str:
    """Digits of any script as ASCII, every dash as ``-`` and every space as one; without what cannot be seen."""
    return "".join(_plain_sign(sign) for sign in unicodedata.normalize("NFKC", text))


def _plain_sign(sign: str) -> str:
    match unicodedata.category(sign):
        case "Nd":
            return str(unicodedata.decimal(sign))
        case "Pd" | "Sm" if sign != "+":
            return "-"
        case "Zs" | "Zl" | "Zp":
            return " "
        case "Cc":
            return " " if sign.isspace() else ""
        case "Cf" | "Cs" | "Co" | "Cn" | "Mn" | "Me":
            return ""
    return sign


def _parsed(text: str, country: str) -> PhoneNumber | None:
    """Digits, with ``+``, ``00`` or the country's own prefixes in front or none; nothing else is taken for a number."""
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 20:
        return None
    if text.startswith(INTERNATIONAL_PREFIX):
        text = f"+{text.removeprefix(INTERNATIONAL_PREFIX)}"
    try:
        return phonenumbers.parse(text, region(country))
    except NumberParseException:
        return None


def _e164(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
