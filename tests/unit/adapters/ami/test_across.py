"""Calls between two PBXs: one leg of a trunk, seen from both ends."""

from dataclasses import replace

import pytest
from tests.unit.adapters.ami.messages import INQUIRY, UNIQUEID, dial, hangup, outward, read, said, status, waiting

from huntgroup.adapters.ami import across
from huntgroup.adapters.ami.across import Arrivals, Crossings
from huntgroup.adapters.ami.calls import OpenCall
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.fallback import lists
from huntgroup.adapters.ami.orders import dial_arguments, joiner
from huntgroup.adapters.ami.resync import reconcile
from huntgroup.adapters.ami.standpoint import Standpoint
from huntgroup.adapters.ami.translate import Translator
from huntgroup.engine.effects import JoinRinging, ReleaseLeg, Ring, RingPhones
from huntgroup.engine.events import (
    CallMoved,
    ConversationFound,
    Customer,
    Event,
    FallbackRings,
    InquiryReceived,
    PhoneAnswered,
    PhoneRang,
    PhoneState,
    PhoneStateChanged,
)
from huntgroup.engine.ids import AttemptNo, GroupId, InquiryId, OperatorId, PbxId, PhoneId, SourceId, phone_at
from huntgroup.engine.policy import Channel, Entrance, GroupPolicy, Hold, OperatorPolicy, Policy

MAIN, BRANCH = PbxId("main"), PbxId("branch")
ANNA, BEA, BOB = OperatorId("anna"), OperatorId("bea"), OperatorId("bob")
CALL, FIRST = InquiryId(INQUIRY), AttemptNo(1)
ACROSS_TO_BEA = PhoneId("across:bea")
ARRIVED, ARRIVED_UNIQUEID = "PJSIP/to-main-00000001", "1795282404.90"
TRUNK_LEG = "PJSIP/to-branch-00000007"


def operator(name: OperatorId, extension: str, pbx: PbxId | None) -> OperatorPolicy:
    return OperatorPolicy(
        id=name,
        name=name,
        extension=extension,
        phones=(phone_at(pbx, f"PJSIP/{name}"),),
        capacity={Channel.CALL: 1},
        pbx=pbx,
    )


HOUSE = Policy(
    operators={
        ANNA: operator(ANNA, "101", None),
        BEA: operator(BEA, "201", BRANCH),
        BOB: operator(BOB, "202", BRANCH),
    },
    groups={GroupId("sales"): GroupPolicy(id=GroupId("sales"), name="Sales", operators=(ANNA, BEA))},
    numbers={
        SourceId("+48221234567"): Entrance(
            source=SourceId("+48221234567"), channel=Channel.CALL, group=GroupId("sales")
        )
    },
    pbx=MAIN,
    pbxs=(MAIN, BRANCH),
    trunks=((MAIN, BRANCH),),
)
AT_MAIN, AT_BRANCH = Standpoint(MAIN), Standpoint(BRANCH, is_first=False)
DIRECTORY = Directory(across={BEA: "PJSIP/201@to-branch", BOB: "PJSIP/202@to-branch"})


@pytest.fixture
def crossings() -> Crossings:
    return Crossings()


@pytest.fixture
def branch(crossings: Crossings) -> Translator:
    seen = AT_BRANCH.policy(HOUSE)
    phones = (PhoneId("PJSIP/bea"), PhoneId("PJSIP/bob"))
    return Translator(BRANCH, phones, crossings=crossings, arrivals=Arrivals(BRANCH, seen, crossings))


@pytest.fixture
def main(crossings: Crossings) -> Translator:
    seen = AT_MAIN.policy(HOUSE)
    arrivals = Arrivals(MAIN, seen, crossings)
    return Translator(MAIN, (PhoneId("PJSIP/anna"),), DIRECTORY, crossings=crossings, arrivals=arrivals)


def tells(translator: Translator, *texts: str) -> list[Event]:
    return [event for text in texts for event in translator.translate(read(text))]


def arrives(offer: str = f"{INQUIRY}/1/30", extension: str = "201") -> str:
    about = {"Channel": ARRIVED, "Context": across.CONTEXT, "Exten": extension, "Uniqueid": ARRIVED_UNIQUEID}
    return said("HuntgroupAcross", f"Offer: {offer}", f"Extension: {extension}", **about)


def rings_there(event: str, state: str = "", phone: str = "bea") -> str:
    about = {"Channel": ARRIVED, "Context": across.CONTEXT, "Uniqueid": ARRIVED_UNIQUEID}
    return dial(event, "201", state, leg=f"PJSIP/{phone}-00000002", **about)


def trunk(event: str, last: str) -> str:
    text = outward(event, "huntgroup-offer", "1", last)
    return text.replace("PJSIP/trunk-00000005", TRUNK_LEG)


# -- how each of them sees the house ----------------------------------------------------------------------------------


def test_each_pbx_has_its_own_phones_and_everybody_else_behind_a_trunk() -> None:
    at_main, at_branch = AT_MAIN.policy(HOUSE), AT_BRANCH.policy(HOUSE)

    assert [each.phones for each in at_main.operators.values()] == [
        ("PJSIP/anna",),
        ("across:bea",),
        ("across:bob",),
    ]
    assert [each.phones for each in at_branch.operators.values()] == [(), ("PJSIP/bea",), ("PJSIP/bob",)]


def test_what_a_pbx_says_of_its_phones_the_engine_hears_of_its_phones() -> None:
    changed = PhoneStateChanged(phone=PhoneId("PJSIP/101"), state=PhoneState.INUSE)
    rang = PhoneRang(inquiry=CALL, attempt=FIRST, phone=PhoneId("across:anna"))
    came = InquiryReceived(inquiry=CALL, channel=Channel.CALL, source=SourceId("1"), customer=Customer())

    assert AT_MAIN.told(changed) is changed
    assert AT_BRANCH.told(changed) == replace(changed, phone=PhoneId("branch:PJSIP/101"))
    assert AT_BRANCH.told(rang) == rang
    assert AT_BRANCH.told(came) == replace(came, pbx=BRANCH)


def test_what_is_ordered_of_a_pbx_names_its_phones_as_it_does() -> None:
    ring = Ring(operator=BEA, phones=(PhoneId("branch:PJSIP/bea"),))
    order = RingPhones(inquiry=CALL, attempt=FIRST, rings=(ring,), hold=Hold.RINGING, limit=10.0)
    release = ReleaseLeg(inquiry=CALL, attempt=FIRST, phone=PhoneId("branch:PJSIP/bea"))
    join = JoinRinging(inquiry=CALL, attempt=FIRST, ring=ring)
    open_call = OpenCall(inquiry=CALL, phone=PhoneId("branch:PJSIP/bea"))

    here = Ring(operator=BEA, phones=(PhoneId("PJSIP/bea"),))
    assert AT_BRANCH.ordered(order) == replace(order, rings=(here,))
    assert AT_BRANCH.ordered(join) == replace(join, ring=here)
    assert AT_BRANCH.ordered(release) == replace(release, phone=PhoneId("PJSIP/bea"))
    assert AT_BRANCH.open_call(open_call).phone == "PJSIP/bea"


# -- what is dialled --------------------------------------------------------------------------------------------------


def order(*names: OperatorId) -> RingPhones:
    rings = tuple(Ring(operator=name, phones=(PhoneId(f"across:{name}"),)) for name in names)
    return RingPhones(inquiry=CALL, attempt=FIRST, rings=rings, hold=Hold.RINGING, limit=12.4)


def test_who_is_at_another_pbx_is_dialled_by_the_trunk_with_a_header_that_says_for_which_call() -> None:
    assert dial_arguments(order(BEA, BOB), DIRECTORY, "PJSIP/trunk-00000001") == (
        f"PJSIP/201@to-branch&PJSIP/202@to-branch,12,rib(huntgroup-across-leg^s^1({INQUIRY}/1/12^PJSIP/trunk-00000001))"
    )


def test_who_joins_from_another_pbx_says_so_too(main: Translator) -> None:
    tells(main, waiting())
    join = JoinRinging(inquiry=CALL, attempt=FIRST, ring=Ring(operator=BEA, phones=(ACROSS_TO_BEA,)))

    bea = joiner(join, main)

    assert (bea.phones, bea.ways) == ((ACROSS_TO_BEA,), ["PJSIP/201@to-branch"])
    assert bea.options == f"b(huntgroup-across-leg^s^1({INQUIRY}/1/600^PJSIP/trunk-00000001))"


def test_the_list_of_last_resort_dials_who_is_at_another_pbx_by_the_trunk() -> None:
    (found,) = lists(AT_MAIN.policy(HOUSE), DIRECTORY).values()

    assert found.steps == ("PJSIP/anna", "PJSIP/201@to-branch")


async def test_an_extension_that_is_dialled_over_a_trunk_stands_for_phones_of_operators_and_nothing_else() -> None:
    assert across.phones_by_extension(AT_BRANCH.policy(HOUSE), BRANCH) == {"201": "PJSIP/bea", "202": "PJSIP/bob"}
    actions = across.publish({"201": "PJSIP/bea"}, ["202"])
    assert [(each["Variable"], each["Value"]) for each in actions] == [
        ("GLOBAL(HUNTGROUP_PHONES_202)", "none"),
        ("GLOBAL(HUNTGROUP_PHONES_201)", "PJSIP/bea"),
    ]


# -- what is heard at both ends ---------------------------------------------------------------------------------------


def test_a_leg_of_the_trunk_is_the_operator_whose_extension_was_dialled(main: Translator) -> None:
    tells(main, waiting(), trunk("DialBegin", "DialString: 201@to-branch"))

    assert tells(main, trunk("DialState", "DialStatus: RINGING")) == [
        PhoneRang(inquiry=CALL, attempt=FIRST, phone=ACROSS_TO_BEA)
    ]


def test_its_other_end_is_no_call_of_its_own(branch: Translator) -> None:
    assert tells(branch, arrives(), rings_there("DialBegin"), rings_there("DialState", "RINGING")) == []
    assert tells(branch, rings_there("DialEnd", "ANSWER")) == []
    ended = hangup(ARRIVED, ARRIVED_UNIQUEID, Context=across.CONTEXT)
    assert tells(branch, ended) == []
    assert branch.arrivals is not None
    assert branch.arrivals.size() == 0


def test_whose_phone_answered_at_the_other_end_is_who_has_the_call(main: Translator, branch: Translator) -> None:
    tells(main, waiting(), trunk("DialBegin", "DialString: 201@to-branch"))
    tells(branch, arrives(), rings_there("DialBegin"), rings_there("DialEnd", "ANSWER", phone="bob"))

    assert tells(main, trunk("DialEnd", "DialStatus: ANSWER")) == [
        PhoneAnswered(inquiry=CALL, attempt=FIRST, phone=PhoneId("across:bob"))
    ]


def test_what_the_other_end_says_too_late_moves_the_call_to_who_has_it(main: Translator, branch: Translator) -> None:
    tells(main, waiting(), trunk("DialBegin", "DialString: 201@to-branch"))
    tells(branch, arrives(), rings_there("DialBegin"))
    assert tells(main, trunk("DialEnd", "DialStatus: ANSWER")) == [
        PhoneAnswered(inquiry=CALL, attempt=FIRST, phone=ACROSS_TO_BEA)
    ]

    assert tells(branch, rings_there("DialEnd", "ANSWER", phone="bob")) == [
        CallMoved(inquiry=CALL, operator=BOB, is_pickup=True)
    ]


def test_who_picks_up_at_the_other_end_and_is_no_operator_is_nobody(main: Translator, branch: Translator) -> None:
    tells(main, waiting(), trunk("DialBegin", "DialString: 201@to-branch"))
    tells(branch, arrives(), rings_there("DialBegin"), rings_there("DialEnd", "ANSWER", phone="reception"))

    (answered,) = tells(main, trunk("DialEnd", "DialStatus: ANSWER"))

    assert isinstance(answered, PhoneAnswered)
    assert answered.phone == across.NOBODY_OF_OURS


def test_nor_when_that_is_heard_of_too_late(main: Translator, branch: Translator) -> None:
    tells(main, waiting(), trunk("DialBegin", "DialString: 201@to-branch"))
    tells(branch, arrives(), rings_there("DialBegin"))
    tells(main, trunk("DialEnd", "DialStatus: ANSWER"))

    late = tells(branch, rings_there("DialEnd", "ANSWER", phone="reception"))

    assert late == [CallMoved(inquiry=CALL, operator=None, is_pickup=True)]


def test_a_phone_that_rings_for_a_caller_of_the_other_pbx_can_be_picked_up_there(branch: Translator) -> None:
    tells(branch, arrives(), rings_there("DialBegin"))
    assert branch.arrivals is not None

    assert branch.arrivals.ringing_legs(CALL) == [("PJSIP/bea", "PJSIP/bea-00000002")]
    tells(branch, rings_there("DialEnd", "CANCEL"))
    assert branch.arrivals.ringing_legs(CALL) == []


def test_one_that_arrived_and_was_transferred_is_forgotten_when_it_hangs_up_wherever_that_is(
    branch: Translator,
) -> None:
    tells(branch, arrives(), rings_there("DialBegin"), rings_there("DialEnd", "ANSWER"))
    assert branch.arrivals is not None
    assert branch.arrivals.size() == 1

    tells(branch, hangup(ARRIVED, ARRIVED_UNIQUEID, Context="from-internal"))

    assert branch.arrivals.size() == 0


@pytest.mark.parametrize("offer", ["fallback//20", "", "call-main-1$(x)/1/30", "call-main-1.1/x/30"])
def test_an_arrival_that_names_no_call_is_tied_to_none(branch: Translator, offer: str) -> None:
    assert tells(branch, arrives(offer)) == []
    assert branch.arrivals is not None
    assert branch.arrivals.size() == 0


def test_the_hangup_of_a_leg_of_our_own_is_not_taken_for_an_arrivals(main: Translator) -> None:
    """The channel of a trunk bears the context of its endpoint, also where we dialled it."""
    tells(main, waiting(), trunk("DialBegin", "DialString: 201@to-branch"))
    tells(main, trunk("DialEnd", "DialStatus: NOANSWER"))

    gone = tells(main, hangup(TRUNK_LEG, "1795282404.99", "21", Context=across.CONTEXT))

    assert [type(each).__name__ for each in gone] == ["PhoneRefused"]


# -- what a resync finds ----------------------------------------------------------------------------------------------


def found_leg(bridge: str) -> str:
    text = status(across.CONTEXT, "", bridge=bridge, Channel=TRUNK_LEG, Uniqueid="1795282404.99")
    return text + "\r\nVariable: HUNTGROUP_ACROSS=201"


def test_who_talks_behind_a_trunk_is_known_by_what_was_dialled(main: Translator) -> None:
    caller = status("huntgroup-offer", "1", bridge="b1", number="+48221234567", order="1|huntgroup-offer|x")

    found = reconcile([read(caller), read(found_leg("b1"))], main)

    (event,) = found.missed
    assert isinstance(event, ConversationFound)
    assert (event.phone, event.attempt) == (ACROSS_TO_BEA, 1)


def test_what_arrived_before_we_looked_is_known_by_its_header(branch: Translator) -> None:
    about = {"Channel": ARRIVED, "Uniqueid": ARRIVED_UNIQUEID, "Linkedid": "l1"}
    arrived = status(across.CONTEXT, "201", **about) + f"\r\nVariable: HUNTGROUP_OFFER={INQUIRY}/1/30"
    leg = {"Channel": "PJSIP/bea-00000002", "Uniqueid": "1.2", "Linkedid": "l1", "ChannelState": "5"}

    found = reconcile([read(arrived), read(status("lab-phones", "", **leg))], branch)

    assert found.missed == found.waiting == []
    assert branch.arrivals is not None
    assert branch.arrivals.ringing_legs(CALL) == [("PJSIP/bea", "PJSIP/bea-00000002")]
    assert reconcile([], branch).missed == []
    assert branch.arrivals.size() == 0


def test_whom_the_pbx_rings_by_itself_over_a_trunk_is_known_when_they_answer(main: Translator) -> None:
    tells(main, waiting())
    begin = trunk("DialBegin", "DialString: 201@to-branch").replace("huntgroup-offer", "huntgroup-fallback")
    end = trunk("DialEnd", "DialStatus: ANSWER").replace("huntgroup-offer", "huntgroup-fallback")

    assert tells(main, begin) == [FallbackRings(inquiry=CALL)]
    (event,) = tells(main, end)
    assert isinstance(event, ConversationFound)
    assert event.phone == ACROSS_TO_BEA


def test_what_the_pbx_served_over_a_trunk_says_who_answered(main: Translator) -> None:
    entry = f"a1|{UNIQUEID}|+48221234567|1|2|3,bx,cx,dx{TRUNK_LEG.replace('/', '%2F')}~201"

    assert main.served(entry).phone == ACROSS_TO_BEA
    assert main.served(entry.replace("~201", "~")).phone is None
