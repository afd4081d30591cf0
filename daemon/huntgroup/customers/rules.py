"""What is done with the customers of each number and source, from the settings."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from huntgroup.customers.identities import Identity, identities
from huntgroup.numbering import normal
from huntgroup.settings import Settings

NO_CREATION = "none"
CALL = "call"
VOICEMAIL = "voicemail"
"""Where the messages that callers left come in."""


class Rules(NamedTuple):
    """Of one number or source. ``create``: what an unknown customer's inquiry creates, empty for nothing."""

    identify: bool = False
    track: bool = False
    create: str = ""


class Contact(Protocol):
    """What an inquiry tells of who sent it; empty where it tells nothing."""

    @property
    def phone(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def handles(self) -> Iterable[tuple[str, str]]: ...


OFF = Rules()
NUMBER = Rules(identify=True)
"""A call's number is looked up always, also of a call that came by a number which is configured no longer."""


class RuleBook:
    """By channel and source. ``country`` is where a number without its country is read."""

    def __init__(self, settings: Settings) -> None:
        self.crm = settings.crm.type if settings.crm is not None else ""
        """Which CRM is asked for who is not known here; that stays until the next start."""
        self.follow(settings)

    def follow(self, settings: Settings) -> None:
        """Another configuration holds from now on."""
        self.country = settings.telephony.country
        self._rules: Mapping[tuple[str, str], Rules] = {
            **{
                (CALL, normal(each.number, self.country)): Rules(identify=True, create=_creates(each.create))
                for each in settings.numbers
            },
            **{
                (each.channel, each.id): Rules(
                    identify=each.identify_customer, track=each.track_customer, create=_creates(each.create)
                )
                for each in settings.sources
            },
        }

    def of(self, channel: str, source: str) -> Rules:
        """What holds for an inquiry that comes in here."""
        return self._rules.get((channel, source), NUMBER if channel == CALL or source == VOICEMAIL else OFF)

    def known_by(self, rules: Rules, who: Contact) -> tuple[Identity, ...]:
        """The identities by which `who` is looked up; none where the rules do not want it."""
        if not rules.identify:
            return ()
        return identities(self.country, phone_text=who.phone, email_text=who.email, handles=who.handles)


def _creates(word: str) -> str:
    return "" if word == NO_CREATION else word
