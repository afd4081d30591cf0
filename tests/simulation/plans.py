"""Random configurations: small enough that everything meets everything."""

from zoneinfo import ZoneInfo

from huntgroup.engine.hours import Hours
from huntgroup.engine.ids import GroupId, OperatorId, PbxId, SourceId, phone_at
from huntgroup.engine.policy import (
    Announce,
    CallBack,
    Channel,
    Distribution,
    End,
    EnterGroup,
    Entrance,
    GroupPolicy,
    Hold,
    KeepWaiting,
    Mode,
    OperatorPolicy,
    OverflowAction,
    Policy,
    Presence,
    Reply,
    ResponsibleMissed,
    ToNumber,
    ToOperator,
    ToVoicemail,
    WhenAllUnavailable,
)
from tests.simulation.dice import Dice

OPERATORS = tuple(OperatorId(name) for name in ("anna", "ben", "cleo", "dora", "emil", "fay"))
GROUPS = tuple(GroupId(name) for name in ("sales", "support", "back"))
PBXS = (PbxId("main"), PbxId("branch"))
TRUNKS = (PBXS, (PBXS[1], PBXS[0]))
TEXTS = (Channel.CHAT, Channel.MAIL, Channel.FORM)
ALWAYS_SOMETIME = ((360, 720), (780, 1200))


def random_policy(dice: Dice) -> Policy:
    """Everything that can be configured, with every value likely to matter."""
    operators = OPERATORS[: 1 + dice.choose(range(len(OPERATORS)))]
    groups = GROUPS[: 1 + dice.choose(range(len(GROUPS)))]
    pbxs = PBXS if dice.chance(0.5) else ()
    return Policy(
        operators={each: _operator(dice, each, dice.choose((None, *pbxs[1:]))) for each in operators},
        groups={each: _group(dice, each, operators, groups[index + 1 :]) for index, each in enumerate(groups)},
        numbers={SourceId(each): _entrance(dice, SourceId(each), Channel.CALL, each) for each in groups},
        sources={
            SourceId(f"{each}-{channel}"): _entrance(dice, SourceId(f"{each}-{channel}"), channel, each)
            for each in groups
            for channel in TEXTS
        },
        pbx=PBXS[0],
        pbxs=pbxs,
        trunks=tuple(pair for pair in TRUNKS if pbxs and dice.chance(0.8)),
        blending=dice.choose(
            (
                {Channel.CALL: (Channel.CALL, Channel.CHAT), Channel.CHAT: ()},
                {Channel.CALL: tuple(Channel), Channel.CHAT: (Channel.CALL,)},
                {Channel.CHAT: (Channel.CHAT,), Channel.MAIL: (Channel.FORM,)},
            )
        ),
        ring_seconds=5.0,
        unreachable_after=4.0,
    )


def _operator(dice: Dice, name: OperatorId, pbx: PbxId | None) -> OperatorPolicy:
    phones = tuple(phone_at(pbx, f"PJSIP/{name}{number}") for number in range(dice.choose((0, 1, 1, 2))))
    return OperatorPolicy(
        id=name,
        name=name,
        phones=phones,
        pbx=pbx,
        capacity={channel: dice.choose((0, 1, 1, 2, 3)) for channel in Channel},
        mobile="+48600" if dice.chance(0.3) else None,
        mailbox="100" if dice.chance(0.3) else None,
        start=dice.choose((Presence.AVAILABLE, Presence.AVAILABLE, Presence.LOGGED_OUT)),
    )


def _group(dice: Dice, name: GroupId, operators: tuple[OperatorId, ...], later: tuple[GroupId, ...]) -> GroupPolicy:
    members = tuple(each for each in operators if dice.chance(0.6)) or operators[:1]
    hours = Hours(zone=ZoneInfo("UTC"), week=(ALWAYS_SOMETIME,) * 7) if dice.chance(0.2) else None
    return GroupPolicy(
        id=name,
        name=name,
        operators=members,
        distribution=dice.choose(tuple(Distribution)),
        rings=dice.choose((1, 2, 3)),
        offer_timeout=dice.choose((10.0, 60.0)),
        check_availability=dice.chance(0.8),
        pickup=dice.chance(0.5),
        wrapup=dice.choose((0.0, 0.0, 10.0)),
        max_wait=dice.choose((None, 20.0, 300.0)),
        max_waiting=dice.choose((None, None, 1, 3)),
        hold=dice.choose(tuple(Hold)),
        miss_limit=dice.choose((0, 0, 1, 3)),
        priority=dice.choose((0, 0, 5)),
        hours=hours,
        on_unanswered=_action(dice, operators, later),
        on_closed=_action(dice, operators, later),
        on_full=_action(dice, operators, later),
        on_abandoned=CallBack() if dice.chance(0.2) else None,
        announce=_announce(dice),
        on_leave=_action(dice, operators, later) if dice.chance(0.3) else None,
    )


def _announce(dice: Dice) -> Announce:
    return Announce(
        position=dice.chance(0.5),
        wait=dice.chance(0.5),
        sound=dice.choose((None, "moment")),
        every=dice.choose((None, 7.0)),
        leave_key=dice.choose(("", "1")),
    )


def _action(dice: Dice, operators: tuple[OperatorId, ...], later: tuple[GroupId, ...]) -> OverflowAction:
    """Groups lead only to later ones: a circle is a configuration error and never gets here."""
    actions: list[OverflowAction] = [
        KeepWaiting(),
        KeepWaiting(),
        End(cause=17),
        ToVoicemail(mailbox="sales"),
        ToNumber(number="+48"),
        CallBack(),
        ToOperator(operator=dice.choose(operators), rings=dice.choose((None, 1, 2))),
        Reply(text="One moment", sound="moment"),
        Reply(sound="sorry", then=End(cause=34)),
        Reply(sound="sorry", then=ToVoicemail(mailbox="sales")),
        Reply(sound="sorry", then=ToOperator(operator=dice.choose(operators))),
    ]
    if later:
        enter = EnterGroup(group=dice.choose(later))
        actions += [enter, enter, Reply(text="Elsewhere", sound="else", then=enter)]
    return dice.choose(actions)


def _entrance(dice: Dice, source: SourceId, channel: Channel, group: GroupId) -> Entrance:
    is_call = channel is Channel.CALL
    return Entrance(
        source=source,
        channel=channel,
        group=group,
        mode=Mode.OFFER if is_call else dice.choose(tuple(Mode)),
        distribution=None if is_call else dice.choose((None, *Distribution)),
        max_open=None if is_call else dice.choose((None, None, 1)),
        responsible_first=dice.chance(0.5),
        responsible_rings=dice.choose((1, 3)),
        on_responsible_missed=dice.choose(tuple(ResponsibleMissed)),
        transfer_changes_responsible=dice.chance(0.5),
        skip_unavailable=dice.chance(0.8),
        when_all_unavailable=dice.choose(tuple(WhenAllUnavailable)),
    )
