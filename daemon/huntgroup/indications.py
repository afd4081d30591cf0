"""How long one ring lasts, by country.

A country that the file does not know rings like the one with which it shares its calling code (Canada like the United
States, Jersey like the United Kingdom); any other by `DEFAULT`.

The numbers are those of the `ring =` lines in the indications.conf that Asterisk 22 installs: what the
caller hears, not what a bell does (that file's `ringcadence`, which differs for a few countries). One ring
is one full turn of the pattern, its silences included. The codes are that file's, too: `uk`, not `gb`.
"""

from typing import NamedTuple

import phonenumbers

from huntgroup.numbering import region


class Cadence(NamedTuple):
    """A country's ring: milliseconds of tone and of silence, in turn."""

    country: str
    milliseconds: tuple[int, ...]

    @property
    def seconds(self) -> float:
        """One ring, silences included, in seconds."""
        return sum(self.milliseconds) / 1000


_DOUBLE = (400, 200, 400, 2000)

CADENCES: dict[str, Cadence] = {
    "at": Cadence("Austria", (1000, 5000)),
    "au": Cadence("Australia", _DOUBLE),
    "be": Cadence("Belgium", (1000, 3000)),
    "bg": Cadence("Bulgaria", (1000, 4000)),
    "br": Cadence("Brazil", (1000, 4000)),
    "ch": Cadence("Switzerland", (1000, 4000)),
    "cl": Cadence("Chile", (1000, 3000)),
    "cn": Cadence("China", (1000, 4000)),
    "cz": Cadence("Czech Republic", (1000, 4000)),
    "de": Cadence("Germany", (1000, 4000)),
    "dk": Cadence("Denmark", (1000, 4000)),
    "ee": Cadence("Estonia", (1000, 4000)),
    "es": Cadence("Spain", (1500, 3000)),
    "fi": Cadence("Finland", (1000, 4000)),
    "fr": Cadence("France", (1500, 3500)),
    "gr": Cadence("Greece", (1000, 4000)),
    "hu": Cadence("Hungary", (1250, 3750)),
    "id": Cadence("Indonesia", (1000, 4000)),
    "il": Cadence("Israel", (1000, 3000)),
    "in": Cadence("India", _DOUBLE),
    "it": Cadence("Italy", (1000, 4000)),
    "jp": Cadence("Japan", (1000, 2000)),
    "lt": Cadence("Lithuania", (1000, 4000)),
    "mx": Cadence("Mexico", (1000, 4000)),
    "my": Cadence("Malaysia", _DOUBLE),
    "nl": Cadence("Netherlands", (1000, 4000)),
    "no": Cadence("Norway", (1000, 4000)),
    "nz": Cadence("New Zealand", _DOUBLE),
    "ph": Cadence("Philippines", (1000, 4000)),
    "pl": Cadence("Poland", (1000, 4000)),
    "pt": Cadence("Portugal", (1000, 5000)),
    "ru": Cadence("Russian Federation", (1000, 4000)),
    "se": Cadence("Sweden", (1000, 5000)),
    "sg": Cadence("Singapore", _DOUBLE),
    "th": Cadence("Thailand", (1000, 5000)),
    "tw": Cadence("Taiwan", (1000, 2000)),
    "uk": Cadence("United Kingdom", _DOUBLE),
    "us": Cadence("United States", (2000, 4000)),
    "us-old": Cadence("United States, about 1950", (2000, 4000)),
    "ve": Cadence("Venezuela", (1000, 4000)),
    "za": Cadence("South Africa", _DOUBLE),
}

DEFAULT = Cadence("any other country", (1000, 4000))
"""The pattern of most countries above, and within what ITU-T E.180 recommends: 0.67 to 1.5 s of tone, 3 to 5 s of
silence."""

_BY_REGION = {region(code): cadence for code, cadence in reversed(CADENCES.items())}


def cadence_of(country: str) -> Cadence:
    """How phones ring in a country, by its code as in the configuration."""
    own = region(country)
    calling_code = phonenumbers.country_code_for_region(own)
    main = phonenumbers.region_code_for_country_code(calling_code)
    return _BY_REGION.get(own) or _BY_REGION.get(main) or DEFAULT
