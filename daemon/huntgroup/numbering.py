"""Telephone numbers in the forms in which trunks send them, and the one form that they all mean.

The form is E.164 with its ``+``. A number that is none of the public network's, such as an extension, is its own form.
Countries are ISO 3166 codes in lower case, as in the configuration; Asterisk's own `uk` and `us-old` are known, too.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType
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
EXTENSION_MOST = 5
"""Digits: so short a number is an extension of the house, also where the country has such lengths (as Germany), unless
it is a valid one there."""
INTERNATIONAL_PREFIX = "00"
"""What the ITU recommends in front of a number abroad; trunks send it in countries with another prefix, too."""


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
    parsed = _valid(text, country)
    return text if parsed is None else _e164(parsed)


def public_number(text: str, country: str) -> str | None:
    """A number in E.164 where it is a valid one of the public network, else None."""
    parsed = _valid(text, country)
    return None if parsed is None else _e164(parsed)


def may_be_called_back(number: str, country: str, countries: Iterable[str]) -> bool:
    """Whether a caller's number is an ordinary one of these countries.

    Anybody can call with any number, so whoever is called back by it may cost its owner's share in a premium number.
    """
    parsed = _valid(number, country)
    if parsed is None or phonenumbers.number_type(parsed) not in _ORDINARY:
        return False
    return phonenumbers.region_code_for_number(parsed) in {region(each) for each in countries}


def read_ahead(countries: Iterable[str]) -> None:
    """Read what is known of these countries' numbers: later it would cost the first caller of each a millisecond."""
    for country in countries:
        PhoneMetadata.metadata_for_region(region(country))


@lru_cache(maxsize=1024)
def _valid(text: str, country: str) -> PhoneNumber | None:
    parsed = _parsed(text, country)
    return parsed if parsed is not None and phonenumbers.is_valid_number(parsed) else None


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
