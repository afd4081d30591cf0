"""The configuration as validated, frozen models: one class for each table of the file.

Durations are seconds. The text below a field says what it means and what holds when the file is silent.
Whether names in one table exist in another is checked elsewhere, on the whole file at once.
"""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from huntgroup.indications import CADENCES, cadence_of
from huntgroup.settings.actions import BUSY, Action, HangUp, KeepWaiting, ResponsibleMissed
from huntgroup.settings.base import Section
from huntgroup.settings.crm import Crm
from huntgroup.settings.hours import Hours
from huntgroup.settings.secret import HoldsSecret
from huntgroup.settings.values import (
    Account,
    BrokerUrl,
    Country,
    Duration,
    Extension,
    FilePath,
    ForwardPattern,
    Host,
    Id,
    Items,
    LeaveKey,
    Outbound,
    Phone,
    PhoneNumber,
    PositiveDuration,
    RingCadence,
    Sound,
    StoreUrl,
    Text,
    TopicPrefix,
    Trunk,
)

Channel = Literal["call", "chat", "mail", "form"]
Distribution = Literal["in_order", "evenly", "in_turn", "all_at_once"]
Create = Literal["lead", "deal", "contact", "none"]
Rings = Annotated[int, Field(ge=1, le=100)]
Amount = Annotated[int, Field(ge=0, le=1000)]

_BROKER_PORTS = {"mqtt": 1883, "mqtts": 8883}


def _name_from_id(known: dict[str, Any]) -> str:
    return str(known["id"])


class Store(Section):
    """Where the journal is kept."""

    url: StoreUrl = Field("sqlite:huntgroup.db", validate_default=True)
    """`sqlite:` and a file, relative to the configuration file; by default huntgroup.db beside it."""

    keep: PositiveDuration = 90 * 86400.0
    """How long what happened is kept, for `explain` and `replay`; what is open is kept as long as it is open."""

    @property
    def path(self) -> Path:
        """The database file itself, where this is a link to it: SQLite keeps its other files beside that."""
        return Path(self.url.removeprefix("sqlite:")).resolve()


class Mqtt(HoldsSecret):
    """The broker. A file without this table runs without a broker."""

    url: Annotated[BrokerUrl, Field(examples=['"mqtt://127.0.0.1:1883"'])]
    """`mqtt://HOST[:PORT]`, or `mqtts://` for TLS; the port is 1883 or 8883 unless named."""

    prefix: TopicPrefix = "huntgroup"
    """The first levels of every topic."""

    username: Text | None = None
    """The name to log in with; none: anonymous. A name needs a secret."""

    ca_file: FilePath | None = None
    """TLS: the authorities to trust; by default the system's."""

    cert_file: FilePath | None = None
    """TLS: our own certificate, with `key_file`."""

    key_file: FilePath | None = None
    """TLS: the key of `cert_file`."""

    command_max_age: PositiveDuration = 60.0
    """How long a command of an operator or administrator may have waited at the broker while the daemon was away. An
    older one is refused with `expired`. What channels and integrators send is carried out whatever its age."""

    @property
    def host(self) -> str:
        """The broker's host."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The broker's port."""
        return urlsplit(self.url).port or _BROKER_PORTS[urlsplit(self.url).scheme]

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return urlsplit(self.url).scheme == "mqtts"


class Telephony(Section):
    """What holds for all calls."""

    country: Country = "us"
    """Where telephone numbers without a country are read, by ISO code; `us` is Asterisk's own default."""

    cadence: RingCadence | None = None
    """Whose ring cadence counts, by the code in Asterisk's indications; by default the country's, where it is known."""

    ring_seconds: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] | None = None
    """One ring in seconds, tone and silence; by default the cadence's."""

    pickup_code: Extension = "*11"
    """Dialled to take a ringing call of one's groups; followed by an extension, a colleague's."""

    login_code: Extension = "*45"
    """Dialled to log in or out."""

    pause_code: Extension = "*46"
    """Dialled to begin or end a pause."""

    unreachable_after: PositiveDuration = 5.0
    """A phone that has not begun to ring by then is unreachable, not missed."""

    outbound: Outbound | None = None
    """How an external number is dialled; none: it cannot be."""

    may_forward_to: Items[ForwardPattern] | None = None
    """Which new numbers supervisors may set by command, in E.164, `*` at the end for any digits; none (the default):
    only those that the file has already."""

    callback_countries: Items[Country] | None = None
    """Whose numbers are called back, by ISO code; by default only the own country's."""

    callback_tries: Annotated[int, Field(ge=1, le=10)] = 3
    """How often at most a customer is called back who is not reached."""

    callback_pause: PositiveDuration = 300.0
    """The time between two such tries."""

    name_prefixes: Items[Text] = ()
    """What the PBX puts in front of callers' names (FreePBX: *CID name prefix*), as in `["Sales:", "VIP "]`: it is no
    part of the name."""

    @property
    def ring_cadence_seconds(self) -> float:
        """One ring in seconds, from `ring_seconds`, `cadence` or the country, in this order."""
        cadence = CADENCES[self.cadence] if self.cadence else cadence_of(self.country)
        return self.ring_seconds or cadence.seconds


class Pbx(HoldsSecret):
    """One Asterisk server, reached over its manager interface."""

    id: Annotated[Id, Field(examples=['"main"'])]
    host: Annotated[Host, Field(examples=['"127.0.0.1"'])]
    port: Annotated[int, Field(ge=1, le=65535)] = 5038
    """The manager port; Asterisk's default."""

    username: Annotated[Text, Field(examples=['"huntgroup"'])]
    """The manager user, with the privileges of config/manager.conf."""

    trunks: dict[str, Trunk] = Field(default_factory=dict)
    """By the id of another PBX, how its phones are dialled from this one; without it they cannot be."""


class Blending(Section):
    """While an operator handles the channel of a key, the channels listed for it are not offered to them."""

    call: Items[Channel] = ("call", "chat")
    chat: Items[Channel] = ()
    mail: Items[Channel] = ()
    form: Items[Channel] = ()


class Capacity(Section):
    """How many inquiries of each channel one operator handles at the same time; 0: none of that channel."""

    call: Amount = 1
    chat: Amount = 3
    mail: Amount = 20
    form: Amount = 20


class Operator(Section):
    """Someone who serves."""

    id: Annotated[Id, Field(examples=['"anna"'])]
    name: Text = Field(default_factory=_name_from_id)
    """How people call them; by default the id."""

    extension: Extension | None = None
    """What colleagues dial to reach them; none: they cannot be dialled by feature codes."""

    phones: Items[Phone] = ()
    """Their phones, as Dial() names them; they ring together."""

    pbx: Id | None = None
    """Which PBX these are at; by default the one listed first."""

    mobile: PhoneNumber | None = None
    """Their number outside the house."""

    capacity: Capacity = Capacity()
    role: Literal["operator", "supervisor", "administrator"] = "operator"
    """What they may do to others; nothing by default."""

    start: Literal["available", "logged_out"] = "available"
    """Their presence when they have never been seen before."""


class Announce(Section):
    """What a waiting caller is told; nothing by default."""

    position: bool = False
    """Their position in the line."""

    wait: bool = False
    """How long they will still wait, where that is known."""

    sound: Sound | None = None
    """What is played after these, as Playback() names it."""

    every: PositiveDuration | None = None
    """How often, from one beginning to the next; none: once, at the start."""

    leave_key: LeaveKey | None = None
    """The key with which they leave the line, by `on_leave`."""


class Group(Section):
    """Operators, and the line that waits for them."""

    id: Annotated[Id, Field(examples=['"sales"'])]
    name: Text = Field(default_factory=_name_from_id)
    """How people call it; by default the id."""

    operators: Annotated[Items[Id], Field(examples=['["anna", "ben"]'])]
    """Who serves; the order is the line's order."""

    supervisors: Items[Id] | None = None
    """Who may change this group by command; by default the supervisors among its operators."""

    distribution: Distribution = "in_order"
    """Who is offered an inquiry first."""

    rings: Rings = 4
    """Calls: rings at one operator before the next."""

    offer_timeout: PositiveDuration = 60.0
    """Chat, mail and form in offer mode: idle time before the next operator."""

    check_availability: bool = True
    """Leave out who is logged out or paused."""

    pickup: bool = True
    """Whether operators may take one another's offers."""

    wrapup: Duration = 0.0
    """Time after a call in which no other is offered; none by default."""

    max_wait: PositiveDuration | None = None
    """The longest wait before `on_unanswered`; none: only once everyone has been tried."""

    max_waiting: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """How many may wait before `on_full`; none: no limit."""

    hold: Literal["music", "ringing"] = "ringing"
    """What a waiting caller hears; ringing costs nobody anything and answers no call early."""

    announce: Announce = Announce()
    miss_limit: Amount = 0
    """Missed inquiries in a row that pause an operator, but never the last one available in a group; 0: never."""

    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    """Which group's inquiries come first at an operator of several: the highest."""

    hours: Hours | None = None
    """When it is open; none: always."""

    on_unanswered: Action = KeepWaiting()
    """Once everyone eligible has been offered the inquiry, or at `max_wait`."""

    on_closed: Action = HangUp()
    """Outside `hours`."""

    on_full: Action = HangUp(cause=BUSY)
    """At `max_waiting`."""

    on_abandoned: Action | None = None
    """When the customer left; by default it is only recorded. Callback, and to other than calls a reply."""

    on_leave: Action | None = None
    """When a caller pressed `announce.leave_key`."""


NEEDS_IDENTITY = ("track_customer", "responsible_first", "transfer_changes_responsible", "create")
"""What of a source means nothing unless its customers are looked up."""


class Number(Section):
    """A dialled number, and the group that serves it."""

    number: Annotated[PhoneNumber, Field(examples=['"+48221234567"'])]
    """In any form in which a trunk may deliver it; spaces, dashes and brackets do not count."""

    group: Annotated[Id, Field(examples=['"sales"'])]
    responsible_first: bool = False
    """A known customer rings their responsible operator first."""

    responsible_rings: Rings = 4
    on_responsible_missed: ResponsibleMissed = ResponsibleMissed()
    """By default the group's line follows."""

    transfer_changes_responsible: bool = False
    create: Create = "none"
    """What an unknown customer's inquiry creates."""


def _mode_of_channel(known: dict[str, Any]) -> Literal["offer", "assign"]:
    return "offer" if known["channel"] == "chat" else "assign"


def _needs_to_identify(known: dict[str, Any]) -> bool:
    return any(known.get(name) not in (False, "none") for name in NEEDS_IDENTITY)


class Source(Section):
    """Where inquiries of another channel come in."""

    id: Annotated[Id, Field(examples=['"site-chat"'])]
    channel: Annotated[Literal["chat", "mail", "form"], Field(examples=['"chat"'])]
    group: Annotated[Id, Field(examples=['"sales"'])]
    account: Account | None = None
    """The MQTT user name of the gateway that brings it in. Then only `sources/<account>/…` serves this source; several
    sources may have one account. None: anyone who may write `inquiries/submit` submits as this source."""

    mode: Literal["offer", "assign"] = Field(default_factory=_mode_of_channel)
    """`offer`: an operator accepts in time (chat); `assign`: it becomes theirs at once (mail, form)."""

    distribution: Distribution | None = None
    """None: as the group distributes."""

    max_open: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many of this source one operator has at most; none: only their capacity counts."""

    max_inquiries: Annotated[int, Field(ge=1, le=1_000_000)] = 5_000
    """How many inquiries of this source are open at most. A new one is then refused with `source_full`."""

    track_customer: bool = False
    """Recognise one customer across channels, and link the new identity."""

    responsible_first: bool = False
    transfer_changes_responsible: bool = False
    skip_unavailable: bool = True
    """Leave out who is logged out or paused."""

    when_all_unavailable: Literal["in_turn", "wait"] = "wait"
    """What follows when that leaves nobody."""

    create: Create = "none"
    """What an unknown customer's inquiry creates."""

    identify_customer: bool = Field(default_factory=_needs_to_identify)
    """Look the customer up by their identities; by default where another setting of the source needs it."""


class Settings(Section):
    """The whole file."""

    store: Store = Store()
    mqtt: Mqtt | None = None
    """None: no broker."""

    crm: Crm | None = None
    """None: no CRM."""

    telephony: Telephony = Telephony()
    pbx: Items[Pbx]
    blending: Blending = Blending()
    operators: Items[Operator] = ()
    groups: Items[Group] = ()
    numbers: Items[Number] = ()
    sources: Items[Source] = ()
