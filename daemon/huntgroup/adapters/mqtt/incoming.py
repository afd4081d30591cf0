"""What others write to the daemon: read, checked, put to the engine, and answered; nothing is passed over in silence.

A message is acknowledged once what it asks for is durable, or once it was refused.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import structlog
from pydantic import TypeAdapter, ValidationError

from huntgroup.adapters.mqtt import commands
from huntgroup.adapters.mqtt.administration import Administration, may_act_for, may_administrate, reply
from huntgroup.adapters.mqtt.board import Board, closed_status
from huntgroup.adapters.mqtt.commands import Asked, Incoming, Submission, first_fault
from huntgroup.adapters.mqtt.customer_commands import (
    CUSTOMERS,
    AboutCustomers,
    CreateCustomer,
    CustomerAnswer,
    SetResponsible,
)
from huntgroup.adapters.mqtt.history import History, Past
from huntgroup.adapters.mqtt.payloads import ErrorOut, for_account
from huntgroup.adapters.mqtt.rejections import Rejections
from huntgroup.adapters.mqtt.replies import Replies, Writer
from huntgroup.adapters.mqtt.requests import inquiry_received, of_channel, of_operator
from huntgroup.adapters.mqtt.share import Share
from huntgroup.adapters.mqtt.topics import RESERVED, Address, Kind, inquiry_id
from huntgroup.barrier import shown
from huntgroup.customers.words import CustomersError
from huntgroup.engine.effects import Answered, ErrorCode
from huntgroup.engine.events import Event
from huntgroup.engine.ids import InquiryId, OperatorId, RequestId, SourceId
from huntgroup.engine.policy import Entrance, Policy
from huntgroup.errors import ChangeRefused, StoreError
from huntgroup.settings.changes import ADMINISTRATION, AnyCommand, Command
from huntgroup.settings.editing import Outcome
from huntgroup.text_input import NotJson, clean_json, read_json

log = structlog.get_logger(__name__)

NO_SOURCE = SourceId("")

READERS: Mapping[Kind, tuple[TypeAdapter[Any], bool]] = {
    Kind.SUBMIT: (commands.SUBMISSION, False),
    Kind.CHANNEL: (commands.CHANNEL, True),
    Kind.ACCOUNT_SUBMIT: (commands.SUBMISSION, False),
    Kind.ACCOUNT_CHANNEL: (commands.CHANNEL, True),
    Kind.OPERATOR: (commands.OPERATOR, True),
    Kind.ADMIN: (ADMINISTRATION, True),
    Kind.CUSTOMERS: (CUSTOMERS, True),
}
"""Who reads what; and whether they choose among models by ``type``."""

COMMAND_MAX_AGE = 60.0
"""Seconds that an operator's or administrator's command may have waited at the broker; see `Mqtt.command_max_age`."""
INTERNAL_ERROR = "this cannot be done because of a fault in Huntgroup; its log says more"

Then = Callable[[], None]


class Customers(Protocol):
    """Who knows of customers."""

    def ask(self, command: AboutCustomers, answer: Callable[[dict[str, Any] | CustomersError], None]) -> None:
        """Do it; ``answer`` is called once it is durable, or with why it was not done."""
        ...


class Intake(Protocol):
    """Where events go, and whether it can take more."""

    @property
    def is_full(self) -> bool: ...
    @property
    def is_degraded(self) -> bool: ...
    def put(self, event: Event, at: float, then: Then | None = None) -> None:
        """Hand on an event; ``then`` is called once it is durable and all that it led to was told."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came. ``acknowledge`` tells the broker that it need not be kept any longer."""

    topic: str
    payload: bytes
    at: float
    acknowledge: Then
    response_topic: str | None = None
    correlation: bytes | None = None
    is_retained: bool = False
    waited: float = 0.0
    """Seconds that it has waited at the broker at most while the daemon was away; see `backlog.Backlog`."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A message that could be understood."""

    delivery: Delivery
    address: Address
    command: Incoming | AnyCommand
    writer: Writer
    is_source_full: bool = False
    """It was when this was read: then nobody looks for an earlier inquiry of this id in the record."""


class Unreadable(Exception):  # noqa: N818 - it is not raised for a fault of ours
    """A message that could not be understood."""

    def __init__(self, code: str, message: str, at: str = "") -> None:
        super().__init__(message)
        self.error = ErrorOut(code=code, message=message, at=at)


class Reception:
    """Takes messages in the order they come."""

    def __init__(  # noqa: PLR0913 - each is another side of it
        self,
        board: Board,
        replies: Replies,
        policy: Policy,
        intake: Intake,
        history: History,
        *,
        administration: Administration | None = None,
        command_max_age: float = COMMAND_MAX_AGE,
        share: Share | None = None,
    ) -> None:
        """``share``: what the event loop leaves to messages."""
        share = share if share is not None else Share()
        self._turn = share.slice()
        self._rejections = Rejections(share.now)
        self.customers: Customers | None = None
        """None: nothing is known of them."""
        self._topics = board.topics
        self._replies = replies
        self._board = board
        self._policy = policy
        self._history = history
        self._intake = intake
        self._administration = administration
        self._command_max_age = command_max_age
        self._accounts = _accounts(policy)
        self._asked: dict[RequestId, Callable[[Answered], None]] = {}
        self._in_hand: dict[InquiryId, list[_Read]] = {}
        """New inquiries that are being made durable, and everyone who is to be answered then."""
        self._in_hand_of: Counter[SourceId] = Counter()
        self._number = 0

    def follow(self, policy: Policy) -> None:
        """Another configuration."""
        self._policy = policy
        self._accounts = _accounts(policy)

    def answered(self, answer: Answered) -> None:
        """Take the engine's answer to a request; one that nobody here asked for is another's."""
        tell = self._asked.pop(answer.request, None)
        if tell is not None:
            tell(answer)

    async def take(self, deliveries: Collection[Delivery]) -> None:
        """Read these, look up in one go which new inquiries are old ones, and carry them out in their order."""
        turn = self._turn
        turn.begin()
        read = []
        for delivery in deliveries:
            each = self._read_carefully(delivery)
            if each is not None:
                read.append(each)
            if turn.is_over:
                await turn.pause()
        past = await self._past(read)
        turn.begin()
        for each in read:
            try:
                self._carry_out(each, past)
            except Exception:  # noqa: BLE001 - it is logged there
                if isinstance(each.command, Submission):
                    self._taken_in_hand(inquiry_id(each.address.account, each.command.id))
                self._set_aside(each.delivery, each.writer)
            if turn.is_over:
                await turn.pause()

    def _carry_out(self, read: _Read, past: Mapping[InquiryId, Past] | None) -> None:
        if isinstance(read.command, Submission):
            self._submit(read, read.command, past)
        elif isinstance(read.command, AboutCustomers):
            self._of_customers(read, read.command)
        elif isinstance(read.command, Asked | Command) and read.delivery.waited > self._command_max_age:
            self._refuse_expired(read)
        elif isinstance(read.command, Asked):
            self._of_operator(read, read.command)
        elif isinstance(read.command, Command):
            self._of_administrator(read, read.command)
        else:
            self._of_channel(read, read.command)

    def _set_aside(self, delivery: Delivery, writer: Writer) -> None:
        """A message that we fail at, called where the error is caught: it would fail again, so it is answered,
        published as refused, and acknowledged."""
        log.exception("broker.message_failed", topic=delivery.topic, payload=shown(delivery.payload))
        fault = ErrorOut(code=ErrorCode.INTERNAL_ERROR, message=INTERNAL_ERROR, at="")
        self._replies.rejected(writer, delivery.topic, delivery.payload, fault)
        delivery.acknowledge()

    async def _past(self, read: Collection[_Read]) -> Mapping[InquiryId, Past] | None:
        """What became of those inquiries that are submitted again; None: that cannot be known now."""
        submitted = [
            (each.address.account, each.command.id)
            for each in read
            if isinstance(each.command, Submission) and not each.is_source_full
        ]
        # An account's inquiry may be older than the account: then it has its plain id.
        older = {(account, InquiryId(name)) for account, name in submitted if account}
        new = {inquiry_id(account, name) for account, name in submitted} | {name for _, name in older}
        new = {each for each in new if not self._board.is_known(each)}
        if not new:
            return {}
        try:
            past = dict(await self._history.outcomes_of(new))
            doubtful = {name for _, name in older if name in past}
            sources = await self._history.sources_of(doubtful) if doubtful else {}
        except StoreError as error:
            log.error("broker.history_unknown", error=str(error))  # noqa: TRY400 - the disk's word
            return None
        for account, name in older:
            entrance = self._policy.sources.get(sources.get(name, NO_SOURCE))
            if entrance is not None and entrance.account == account:
                past.setdefault(inquiry_id(account, name), past[name])
        return past

    # -- reading --------------------------------------------------------------------------------------------------

    def _read_carefully(self, delivery: Delivery) -> _Read | None:
        try:
            return self._read(delivery)
        except Exception:  # noqa: BLE001 - it is logged there
            self._set_aside(delivery, Writer(None))
            return None

    def _read(self, delivery: Delivery) -> _Read | None:
        address = self._topics.address(delivery.topic)
        if address is None or delivery.is_retained:
            # A command that a broker keeps would be carried out at each new beginning.
            self._reject(delivery, address, Unreadable("retained", "a message to the daemon is not to be retained"))
            return None
        try:
            command, writer = self._understood(delivery, address)
        except Unreadable as unreadable:
            self._reject(delivery, address, unreadable)
            return None
        if command is None:
            delivery.acknowledge()
            return None
        is_full = isinstance(command, Submission) and self._is_own_source_full(address, command.source)
        return _Read(delivery, address, command, writer, is_full)

    def _understood(self, delivery: Delivery, address: Address) -> tuple[Incoming | AnyCommand | None, Writer]:
        if len(delivery.payload) > commands.PAYLOAD_MOST:
            raise Unreadable("too_long", f"a message has at most {commands.PAYLOAD_MOST} bytes")
        if address.kind is Kind.ADMIN and not may_administrate(self._policy, OperatorId(address.name)):
            # Who may do nothing is not told what could be done.
            writer, _ = self._writer(delivery, address, None)
            self._replies.refused(writer, "not_permitted", "only a supervisor or an administrator may do this")
            return None, Writer(None)
        adapter, has_types = READERS[address.kind]
        try:
            # A text cut in the middle of a character, or with NUL in it, costs nobody their inquiry.
            command: Incoming | AnyCommand = adapter.validate_json(clean_json(delivery.payload))
        except ValidationError as error:
            raise Unreadable(*first_fault(error, has_types)) from None
        name = command.id if isinstance(command, Submission) else None
        if name is not None:
            self._check_id(name, address)
        writer, is_allowed = self._writer(delivery, address, name)
        if not is_allowed:
            raise Unreadable("bad_response_topic", "response topic not allowed")
        return command, writer

    def _check_id(self, name: str, address: Address) -> None:
        """Raises Unreadable for an id that is somebody else's."""
        if name.startswith(RESERVED):
            raise Unreadable("invalid", f"an id that begins with {' or '.join(RESERVED)} is a call's", "id")
        account = self._account_in(InquiryId(name))
        if account and not address.account:
            raise Unreadable("invalid", f"an id that ends with @{account} belongs to that account", "id")

    def _writer(self, delivery: Delivery, address: Address, inquiry: str | None) -> tuple[Writer, bool]:
        return self._replies.writer(address, inquiry, delivery.response_topic, delivery.correlation)

    def _reject(self, delivery: Delivery, address: Address | None, unreadable: Unreadable) -> None:
        unreported = self._rejections.report(address, delivery.topic)
        if unreported is not None:
            writer = Writer(None)
            if address is not None and not delivery.is_retained:
                writer, _ = self._writer(delivery, address, _id_in(delivery.payload))
            self._replies.rejected(writer, delivery.topic, delivery.payload, unreadable.error, unreported)
            log.warning(
                "broker.message_rejected", topic=delivery.topic, code=unreadable.error.code, not_reported=unreported
            )
        delivery.acknowledge()

    # -- carrying out ---------------------------------------------------------------------------------------------

    def _submit(self, read: _Read, submission: Submission, past: Mapping[InquiryId, Past] | None) -> None:
        account = read.address.account
        inquiry = inquiry_id(account, submission.id)
        if inquiry in self._in_hand:
            self._in_hand[inquiry].append(read)
            return
        known = self._known(inquiry, past)
        if known is None and account and self._board.account_of(InquiryId(submission.id)) == account:
            known = self._board.status_of(InquiryId(submission.id))
        entrance = self._policy.sources.get(SourceId(submission.source))
        refusal = self._why_not(read.address, submission.source, entrance)
        if refusal is not None and (known is None or refusal.code == "not_permitted"):
            self._refuse(read, refusal.code, refusal.message, refusal.at)
        elif known is not None and self._board.account_of(inquiry) not in {None, account}:
            self._refuse(read, "id_taken", f"another inquiry has the id {submission.id}", "id")
        elif known is not None:
            self._answer_submission(read, known)
        elif entrance is not None and (read.is_source_full or self._is_source_full(entrance)):
            message = (
                f"{entrance.source} has {entrance.max_inquiries} open inquiries; submit again when some are closed"
            )
            self._refuse(read, "source_full", message, "source")
        elif self._intake.is_degraded or past is None:
            self._refuse(read, "store_unavailable", "nothing can be made durable at the moment; try again later")
        elif self._intake.is_full:
            self._refuse(read, "overloaded", "too much is waiting to be handled; try again later")
        elif entrance is not None:
            event = inquiry_received(inquiry, submission, entrance.channel)
            self._in_hand[inquiry] = [read]
            self._in_hand_of[entrance.source] += 1
            self._intake.put(event, read.delivery.at, partial(self._submitted, inquiry))
            return
        read.delivery.acknowledge()

    def _known(self, inquiry: InquiryId, past: Mapping[InquiryId, Past] | None) -> dict[str, Any] | None:
        """The state of an inquiry that was submitted before; None: there is none."""
        known = self._board.status_of(inquiry)
        if known is None and past is not None and inquiry in past:
            known = closed_status(inquiry, past[inquiry])
        return known

    def _why_not(self, address: Address, source: str, entrance: Entrance | None) -> ErrorOut | None:
        """Why who writes at this topic may not submit as this source; None: they may. Of a source of another account
        nobody learns that it is there."""
        unknown = ErrorOut(code="unknown_source", message=f"there is no source {source!r}", at="source")
        if entrance is None:
            return unknown
        if entrance.account == address.account:
            return None
        if not address.account:
            message = f"inquiries of {source!r} are submitted at {self._topics.account_submit(entrance.account)}"
            return ErrorOut(code="not_permitted", message=message, at="source")
        if not entrance.account:
            message = f'{source!r} has no account: set `account = "{address.account}"` in its [[sources]] table'
            return ErrorOut(code="not_permitted", message=message, at="source")
        return unknown

    def _answer_submission(self, read: _Read, status: dict[str, Any]) -> None:
        if read.address.account:
            name = getattr(read.command, "id", "")
            self._replies.submitted_by_account(read.writer, for_account(status, name))
        else:
            self._replies.submitted(read.writer, status)

    def _is_source_full(self, entrance: Entrance) -> bool:
        """With those that are not durable yet, which the board does not know."""
        many = self._board.open_of(entrance.source) + self._in_hand_of[entrance.source]
        return entrance.max_inquiries is not None and many >= entrance.max_inquiries

    def _is_own_source_full(self, address: Address, source: str) -> bool:
        """Of another account's source nobody learns whether it is full."""
        entrance = self._policy.sources.get(SourceId(source))
        return entrance is not None and entrance.account == address.account and self._is_source_full(entrance)

    def _taken_in_hand(self, inquiry: InquiryId) -> list[_Read]:
        """Who is to be answered about a new inquiry, which is in hand no more."""
        reads = self._in_hand.pop(inquiry, [])
        if reads:
            self._in_hand_of[SourceId(getattr(reads[0].command, "source", ""))] -= 1
        return reads

    def _submitted(self, inquiry: InquiryId) -> None:
        status = self._board.status_of(inquiry)
        gone = "its source was taken out of the configuration a moment ago"
        for read in self._taken_in_hand(inquiry):
            if status is not None:
                self._answer_submission(read, status)
            elif isinstance(read.command, Submission) and SourceId(read.command.source) in self._policy.sources:
                self._refuse(read, ErrorCode.INTERNAL_ERROR, INTERNAL_ERROR)  # the shell has set it aside
            else:
                self._refuse(read, "unknown_source", gone, "source")
            read.delivery.acknowledge()

    def _refuse(self, read: _Read, code: str, message: str, at: str = "") -> None:
        self._replies.refused(read.writer, code, message, at)

    def _refuse_expired(self, read: _Read) -> None:
        """Who said that meant then, and not now: the operator may have gone home, or the group be another's."""
        how_long = f"it may have waited {read.delivery.waited:.0f} s at the broker while the daemon was away"
        self._refuse(read, "expired", f"{how_long}; send it again if it is still wanted")
        read.delivery.acknowledge()

    def _of_channel(self, read: _Read, command: Incoming) -> None:
        account, name = read.address.account, read.address.name
        inquiry = inquiry_id(account, name)
        if account and self._board.is_open(InquiryId(name)) and self._board.account_of(InquiryId(name)) == account:
            inquiry = InquiryId(name)  # it is older than the account
        owner = self._board.account_of(inquiry)
        if owner is None:
            owner = account or self._account_in(inquiry)
        if owner != account:
            self._refuse(read, ErrorCode.UNKNOWN_INQUIRY, f"there is no open inquiry {name}", "inquiry")
            read.delivery.acknowledge()
            return
        request = self._expect(read, InquiryId(name))
        self._intake.put(of_channel(command, request, inquiry), read.delivery.at, read.delivery.acknowledge)

    def _account_in(self, inquiry: InquiryId) -> str:
        """The account that an id names; empty: none. So one is known that is not durable yet, and nowhere shown."""
        _, at, account = inquiry.rpartition("@")
        return account if at and account in self._accounts else ""

    def _of_operator(self, read: _Read, command: Asked) -> None:
        asker = OperatorId(read.address.name)
        meant = OperatorId(command.operator) if command.operator else asker
        if meant != asker and not may_act_for(self._policy, asker, meant):
            who = "only an administrator, or a supervisor of a group that they are in, may act for a colleague"
            self._refuse(read, "not_permitted", who, "operator")
            read.delivery.acknowledge()
            return
        request = self._expect(read, getattr(command, "inquiry", "") or None)
        self._intake.put(of_operator(command, request, meant), read.delivery.at, read.delivery.acknowledge)

    def _of_administrator(self, read: _Read, command: AnyCommand) -> None:
        """What is asked of the configuration takes its own time; the message is acknowledged when it is answered."""

        def answer(outcome: Outcome | ChangeRefused) -> None:
            self._replies.say(read.writer, reply(command, outcome))
            read.delivery.acknowledge()

        if self._administration is None:
            answer(ChangeRefused("not_supported", "the configuration is not changed by command here"))
        else:
            self._administration.ask(read.address.name, command, answer)

    def _of_customers(self, read: _Read, command: AboutCustomers) -> None:
        operator, at = "", ""
        if isinstance(command, SetResponsible):
            operator, at = command.operator, "operator"
        elif isinstance(command, CreateCustomer):
            operator, at = command.responsible, "responsible"
        if self.customers is None:
            self._refuse(read, "not_supported", "nothing is known of customers here")
        elif operator and OperatorId(operator) not in self._policy.operators:
            self._refuse(read, "unknown_operator", f"there is no operator {operator}", at)
        else:
            self.customers.ask(command, partial(self._answer_about_customers, read))
            return
        read.delivery.acknowledge()

    def _answer_about_customers(self, read: _Read, answer: dict[str, Any] | CustomersError) -> None:
        if isinstance(answer, CustomersError):
            self._refuse(read, answer.why, str(answer), answer.at)
        else:
            self._replies.say(read.writer, CustomerAnswer(type=getattr(read.command, "type", ""), **answer))
        read.delivery.acknowledge()

    def _expect(self, read: _Read, inquiry: str | None) -> RequestId:
        """A name for a request whose answer is awaited."""
        self._number += 1
        request = RequestId(f"mqtt-{self._number}")
        self._asked[request] = partial(self._tell, read, inquiry)
        return request

    def _tell(self, read: _Read, inquiry: str | None, answer: Answered) -> None:
        if answer.error is None:
            self._replies.done(read.writer, getattr(read.command, "type", ""), inquiry)
        else:
            message = answer.message
            if read.address.account:  # to who calls it otherwise
                message = message.replace(inquiry_id(read.address.account, read.address.name), read.address.name)
            self._replies.refused(read.writer, answer.error, message, self._place(read, answer.error))

    def _place(self, read: _Read, error: str) -> str:
        """Which part of a command an error of the engine is about."""
        if error == ErrorCode.UNKNOWN_OPERATOR and isinstance(read.command, commands.Transfer):
            asker = OperatorId(read.command.operator or read.address.name)
            return "to.operator" if asker in self._policy.operators else "operator"
        if error in OF_THE_COLLEAGUE and isinstance(read.command, commands.Transfer):
            return "to.operator"
        return PLACES.get(error, "")


PLACES = {
    "unknown_inquiry": "inquiry",
    "unknown_operator": "operator",
    "unknown_group": "to.group",
    "bad_target": "to",
    "not_offered_to_you": "inquiry",
    "not_yours": "inquiry",
    "taken_by_another": "inquiry",
    "not_pending": "inquiry",
    "not_with_a_call": "inquiry",
    "not_on_hold": "inquiry",
}
"""Which part of a command the engine's errors are about."""
OF_THE_COLLEAGUE = frozenset({ErrorCode.PHONE_NOT_FREE, ErrorCode.NOT_LOGGED_IN})
"""What can be wrong with who is to get a transfer."""


def _accounts(policy: Policy) -> frozenset[str]:
    """All accounts that bring a source in."""
    return frozenset(each.account for each in policy.sources.values() if each.account)


def _id_in(payload: bytes) -> str | None:
    """The id in a message that is otherwise wrong, so that who wrote it can be answered; None: it has none."""
    if len(payload) > commands.PAYLOAD_MOST:
        return None
    try:
        data = read_json(payload)
    except NotJson:
        return None
    name = data.get("id") if isinstance(data, dict) else None
    return name if isinstance(name, str) else None
