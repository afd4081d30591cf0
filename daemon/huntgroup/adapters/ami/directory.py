"""What the PBX calls things: dialled numbers in every form, the way out to a number, the mobile behind an operator.

Made from the settings; knows neither calls nor the AMI.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from huntgroup.customers.names import named
from huntgroup.engine.events import Customer
from huntgroup.engine.ids import OperatorId, PhoneId, SourceId
from huntgroup.numbering import caller_number, forms, may_be_called_back, read_ahead, region, table
from huntgroup.plain import clean
from huntgroup.settings import Settings

MOBILE = "mobile:"
"""Begins the name of a phone that is an operator's mobile: the engine knows no more of it."""
ACROSS = "across:"
"""Begins the name under which an operator is rung whose phones are at another PBX."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """``numbers``: for every form of a configured number the one that the engine knows; ``mobiles`` by operator.

    ``outbound`` is the dial string with ``{number}`` in it; without one nothing can be dialled.
    """

    country: str = "us"
    numbers: Mapping[str, str] = field(default_factory=dict)
    outbound: str | None = None
    mobiles: Mapping[OperatorId, str] = field(default_factory=dict)
    callback_countries: tuple[str, ...] = ()
    name_prefixes: tuple[str, ...] = ()
    """Labels that the PBX puts in front of callers' names."""
    across: Mapping[OperatorId, str] = field(default_factory=dict)
    """Operators whose phones are at another PBX, and how Dial reaches them from this one."""

    @classmethod
    def of(cls, settings: Settings, pbx: str | None = None) -> "Directory":
        """The directory of validated settings, for this PBX; None: the first one."""
        country = settings.telephony.country
        called_back = settings.telephony.callback_countries or (region(country),)
        read_ahead((country, *called_back))
        return cls(
            country=country,
            numbers=table((each.number for each in settings.numbers), country),
            outbound=settings.telephony.outbound,
            mobiles={OperatorId(each.id): each.mobile for each in settings.operators if each.mobile},
            callback_countries=called_back,
            name_prefixes=settings.telephony.name_prefixes,
            across=dict(_across(settings, pbx or settings.pbx[0].id)),
        )

    def source(self, dialled: str) -> SourceId:
        """The number of the configuration that was dialled in any of its forms, else what was dialled."""
        return SourceId(self.numbers.get(dialled, dialled))

    def written(self, number: str) -> Iterable[str]:
        """Every form of a number of the configuration."""
        return forms(number, self.country)

    def customer(self, name: str, number: str, prefix: str = "") -> Customer:
        """Who calls, from what Asterisk says of them: both are any text at all. ``prefix``: what the PBX itself says
        that it put in front of this name.

        FreePBX sends the number as the missing name (`CALLERID(name)=${CALLERID(num)}`, seen on 16 and 17).
        """
        phone = caller_number(clean(number), self.country)
        can_be_called_back = self.outbound is not None and may_be_called_back(
            phone, self.country, self.callback_countries
        )
        plain = named(name, phone, self.country, (*self.name_prefixes, prefix))
        return Customer(name=plain, phone=phone, can_be_called_back=can_be_called_back)

    def way_out(self, number: str) -> str | None:
        """How Dial reaches a number outside; None: it cannot."""
        return self.outbound.replace("{number}", number) if self.outbound is not None else None

    def dialled_as(self, phone: PhoneId) -> str | None:
        """How Dial reaches a phone, or the mobile of an operator; None for a mobile that cannot be reached."""
        if phone.startswith(ACROSS):
            return self.across.get(OperatorId(phone.removeprefix(ACROSS)))
        if not phone.startswith(MOBILE):
            return phone
        number = self.mobiles.get(OperatorId(phone.removeprefix(MOBILE)))
        return self.way_out(number) if number is not None else None

    def behind(self, channel: str, dialled: str, ordered: PhoneId | None = None) -> PhoneId | None:
        """The mobile, or whose phones at another PBX, Dial reaches by this channel; see `mobile_at`. Of several with
        the same it is the one that was ``ordered``."""
        string = f"{channel.partition('/')[0]}/{dialled}"
        if ordered is not None and self.dialled_as(ordered) == string:
            return ordered
        across = next((PhoneId(ACROSS + each) for each, way in self.across.items() if way == string), None)
        return across or self.mobile_at(channel, dialled)

    def mobile_at(self, channel: str, dialled: str) -> PhoneId | None:
        """The mobile that Dial reaches by this channel, having been told to dial this after the technology's name."""
        string = f"{channel.partition('/')[0]}/{dialled}"
        return next(
            (PhoneId(MOBILE + each) for each in self.mobiles if self.way_out(self.mobiles[each]) == string), None
        )


def is_elsewhere(phone: PhoneId) -> bool:
    """Whether this is no device of the PBX itself, but what is dialled by one of its trunks."""
    return phone.startswith((MOBILE, ACROSS))


def _across(settings: Settings, pbx: str) -> Iterator[tuple[OperatorId, str]]:
    trunks = next((each.trunks for each in settings.pbx if each.id == pbx), {})
    for each in settings.operators:
        way = trunks.get(each.pbx or settings.pbx[0].id)
        if way is not None and each.extension is not None:
            yield OperatorId(each.id), way.replace("{extension}", each.extension)
