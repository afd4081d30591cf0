"""Settings -> the engine's policy. The engine knows nothing of files, so this stands between the two."""

from datetime import date
from zoneinfo import ZoneInfo

import holidays

from huntgroup.engine import policy as engine
from huntgroup.engine.hours import Hours
from huntgroup.engine.ids import GroupId, OperatorId, PbxId, SourceId, phone_at
from huntgroup.engine.policy import Channel
from huntgroup.numbering import normal
from huntgroup.settings import (
    Action,
    Announce,
    Callback,
    Group,
    HangUp,
    KeepWaiting,
    Number,
    Operator,
    Reply,
    Settings,
    Source,
    ToGroup,
    ToNumber,
    ToOperator,
    Voicemail,
)
from huntgroup.settings import Hours as HoursSetting
from huntgroup.settings.rights import supervisors_of

HOLIDAY_YEARS = 5
"""How many years ahead public holidays are known; a daemon that runs so long without a reload forgets them."""


def policy_from(settings: Settings, today: date) -> engine.Policy:
    """The policy of validated settings; every name in it is known to exist. Holidays are known from ``today`` on."""
    country = settings.telephony.country
    return engine.Policy(
        operators={OperatorId(each.id): _operator(each, settings.pbx[0].id) for each in settings.operators},
        groups={GroupId(each.id): _group(settings, each, today) for each in settings.groups},
        numbers={each.source: each for each in (_number(number, country) for number in settings.numbers)},
        sources={SourceId(each.id): _source(each) for each in settings.sources},
        pbx=PbxId(settings.pbx[0].id),
        pbxs=tuple(PbxId(each.id) for each in settings.pbx) if len(settings.pbx) > 1 else (),
        trunks=tuple((PbxId(each.id), PbxId(to)) for each in settings.pbx for to in each.trunks),
        blending={channel: _channels(getattr(settings.blending, channel)) for channel in Channel},
        ring_seconds=settings.telephony.ring_cadence_seconds,
        unreachable_after=settings.telephony.unreachable_after,
        callback_tries=settings.telephony.callback_tries,
        callback_pause=settings.telephony.callback_pause,
    )


def _channels(names: tuple[str, ...]) -> tuple[Channel, ...]:
    return tuple(Channel(name) for name in names)


def _operator(operator: Operator, first_pbx: str) -> engine.OperatorPolicy:
    pbx = None if operator.pbx in {None, first_pbx} else PbxId(operator.pbx or "")
    return engine.OperatorPolicy(
        id=OperatorId(operator.id),
        name=operator.name,
        phones=tuple(phone_at(pbx, phone) for phone in operator.phones),
        pbx=pbx,
        capacity={channel: getattr(operator.capacity, channel) for channel in Channel},
        extension=operator.extension,
        mobile=operator.mobile,
        mailbox=operator.extension,
        start=engine.Presence(operator.start),
        role=engine.Role(operator.role),
    )


def _group(settings: Settings, group: Group, today: date) -> engine.GroupPolicy:
    return engine.GroupPolicy(
        id=GroupId(group.id),
        name=group.name,
        operators=tuple(OperatorId(operator) for operator in group.operators),
        distribution=engine.Distribution(group.distribution),
        rings=group.rings,
        offer_timeout=group.offer_timeout,
        check_availability=group.check_availability,
        pickup=group.pickup,
        wrapup=group.wrapup,
        max_wait=group.max_wait,
        max_waiting=group.max_waiting,
        hold=engine.Hold(group.hold),
        announce=_announce(group.announce),
        miss_limit=group.miss_limit,
        priority=group.priority,
        hours=_hours(group.hours, today) if group.hours else None,
        on_unanswered=_action(group.on_unanswered),
        on_closed=_action(group.on_closed),
        on_full=_action(group.on_full),
        on_abandoned=_action(group.on_abandoned) if group.on_abandoned else None,
        on_leave=_action(group.on_leave) if group.on_leave else None,
        supervisors=tuple(OperatorId(each) for each in supervisors_of(settings, group.id)),
    )


def _announce(announce: Announce) -> engine.Announce:
    return engine.Announce(
        position=announce.position,
        wait=announce.wait,
        sound=announce.sound,
        every=announce.every,
        leave_key=announce.leave_key or "",
    )


def _hours(hours: HoursSetting, today: date) -> Hours:
    closed: frozenset[date] = frozenset()
    if hours.holidays:
        country, _, part = hours.holidays.partition("-")
        # The year before, too: on New Year's night `today` may be a day ahead of the group's own date.
        years = range(today.year - 1, today.year + HOLIDAY_YEARS)
        closed = frozenset(holidays.country_holidays(country, subdiv=part or None, years=years))
    return Hours(zone=ZoneInfo(hours.timezone), week=hours.week, holidays=closed)


def _number(number: Number, country: str) -> engine.Entrance:
    return engine.Entrance(
        source=SourceId(normal(number.number, country)),
        channel=Channel.CALL,
        group=GroupId(number.group),
        responsible_first=number.responsible_first,
        responsible_rings=number.responsible_rings,
        on_responsible_missed=engine.ResponsibleMissed(number.on_responsible_missed.action),
        transfer_changes_responsible=number.transfer_changes_responsible,
    )


def _source(source: Source) -> engine.Entrance:
    return engine.Entrance(
        source=SourceId(source.id),
        channel=Channel(source.channel),
        group=GroupId(source.group),
        mode=engine.Mode(source.mode),
        distribution=engine.Distribution(source.distribution) if source.distribution else None,
        max_open=source.max_open,
        max_inquiries=source.max_inquiries,
        responsible_first=source.responsible_first,
        transfer_changes_responsible=source.transfer_changes_responsible,
        skip_unavailable=source.skip_unavailable,
        when_all_unavailable=engine.WhenAllUnavailable(source.when_all_unavailable),
        account=source.account or "",
    )


def _action(action: Action) -> engine.OverflowAction:  # noqa: PLR0911 - one line for each action there is
    match action:
        case KeepWaiting():
            return engine.KeepWaiting()
        case ToGroup(group=group):
            return engine.EnterGroup(group=GroupId(group))
        case ToOperator(operator=operator, rings=rings):
            return engine.ToOperator(operator=OperatorId(operator), rings=rings)
        case ToNumber(number=number):
            return engine.ToNumber(number=number)
        case Voicemail(mailbox=mailbox):
            return engine.ToVoicemail(mailbox=mailbox)
        case Callback(sound=sound):
            return engine.CallBack(sound=sound)
        case Reply(sound=sound, text=text, then=then):
            return engine.Reply(sound=sound, text=text, then=_action(then))
        case HangUp(cause=cause):
            return engine.End(cause=cause)
