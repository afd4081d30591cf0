"""One daemon, two Asterisk servers, operators on either; calls ring across the trunk between them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.lab.link import Link
from tests.live.configuration import NUMBER, RING_SECONDS, group
from tests.live.two_pbxs import House, house

pytestmark = pytest.mark.live
TOLERANCE = 0.3


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[("22", "22"), ("22", "16"), ("16", "22")])
async def offices(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """Two of the newest, and the newest with the oldest."""
    async with house(*request.param) as both:
        yield both


@pytest.fixture
async def both(offices: House) -> AsyncIterator[House]:
    """With nobody there."""
    yield await offices.is_joined()
    await offices.clear()


async def test_a_caller_at_the_head_office_rings_in_the_branch_and_talks_to_who_answers(both: House) -> None:
    bea = (await both.phone("bea-desk")).answers(after=0.1)
    running = await both.daemon(group("sales", "bea"))

    call = await both.caller(both.main).dials(NUMBER, name="Jan Kowalski", number="+48600700800")
    await call.answered()
    rung = await bea.talking()
    await call.hears(bea)
    await bea.hears(call)
    await call.hangs_up()
    await bea.ended()

    assert rung.caller_number == "+48600700800"
    closed = await running.logs("inquiry.closed")
    assert (closed["operator"], closed["detail"]) == ("bea", "answered")
    facts = [line["event"] for line in running.log() if line["event"].startswith("inquiry.")]
    assert facts == [
        "inquiry.received",
        "inquiry.decided",
        "inquiry.offered",
        "inquiry.ringing",
        "inquiry.accepted",
        "inquiry.closed",
    ] or facts[-2:] == ["inquiry.accepted", "inquiry.closed"]


async def test_the_rings_in_the_branch_count_from_its_phones_own_ringing_and_the_next_rings_without_a_gap(
    both: House,
) -> None:
    bea = (await both.phone("bea-desk")).rings_after(0.3)
    anna = (await both.phone("anna-desk")).answers(after=0.1)
    running = await both.daemon(group("sales", "bea", "anna", rings="2"))

    call = await both.caller(both.main).dials(NUMBER)
    missed = await bea.cancelled()
    await call.answered()
    taken = await anna.talking()

    assert missed.cancel_received - missed.ringing_sent == pytest.approx(2 * RING_SECONDS, abs=TOLERANCE)
    assert taken.invite_received - missed.cancel_received < TOLERANCE
    assert "elsewhere" not in missed.cancel_reason.lower()
    assert (await running.logs("inquiry.missed"))["operator"] == "bea"


async def test_everybody_in_both_offices_rings_at_once_and_the_branch_sees_no_missed_call(both: House) -> None:
    bea, bob = await both.phone("bea-desk"), await both.phone("bob")
    anna = await both.phone("anna-desk")
    running = await both.daemon(group("sales", "bea", "anna", "bob", distribution='"all_at_once"'))

    call = await both.caller(both.main).dials(NUMBER)
    for each in (bea, bob, anna):
        await each.ringing()
    anna.answers()
    await call.answered()

    for loser in (bea, bob):
        assert "elsewhere" in (await loser.cancelled()).cancel_reason.lower()
    assert (await running.logs("inquiry.accepted"))["operator"] == "anna"
    assert "inquiry.missed" not in [line["event"] for line in running.log()]


async def test_a_caller_at_the_branch_rings_in_the_head_office(both: House) -> None:
    anna = (await both.phone("anna-desk")).answers(after=0.1)
    running = await both.daemon(group("sales", "anna"))

    call = await both.caller(both.branch).dials(NUMBER)
    await call.answered()
    await call.hears(anna)
    await call.hangs_up()

    closed = await running.logs("inquiry.closed")
    assert (closed["operator"], closed["detail"]) == ("anna", "answered")
    assert closed["inquiry"].startswith("call-branch-")


async def test_a_phone_of_the_same_name_in_the_other_office_is_another_phone(both: House) -> None:
    ours, theirs = await both.phone("main/shared"), (await both.phone("branch/shared")).answers(after=0.1)
    running = await both.daemon(group("sales", "bert"))

    call = await both.caller(both.main).dials(NUMBER)
    await call.answered()
    await theirs.talking()

    assert ours.calls == []
    assert (await running.logs("inquiry.accepted"))["operator"] == "bert"


async def test_a_decline_and_a_busy_phone_in_the_branch_are_known_for_what_they_are(both: House) -> None:
    (await both.phone("bea-desk")).declines(after=0.1)
    (await both.phone("bob")).busy()
    anna = (await both.phone("anna-desk")).answers(after=0.1)
    running = await both.daemon(group("sales", "bea", "bob", "bert", "anna"))

    await (await both.caller(both.main).dials(NUMBER)).answered()
    await anna.talking()

    assert (await running.logs("inquiry.declined"))["operator"] == "bea"
    failed = await running.logs("inquiry.offer_failed")
    assert (failed["operator"], failed["detail"]) == ("bob", "busy")
    decided = [line["verdicts"] for line in running.log() if line["event"] == "inquiry.decided"]
    assert decided[-1] == {
        "bea": "declined_this_round",
        "bob": "busy_this_round",
        "bert": "phone_unreachable",
        "anna": "chosen",
    }


async def test_a_dead_phone_in_the_branch_is_unreachable_and_not_missed(both: House) -> None:
    (await both.phone("bob")).is_silent()
    anna = (await both.phone("anna-desk")).answers(after=0.1)
    running = await both.daemon(group("sales", "bob", "anna"))

    await (await both.caller(both.main).dials(NUMBER)).answered()
    await anna.talking()

    failed = await running.logs("inquiry.offer_failed")
    assert (failed["operator"], failed["detail"]) == ("bob", "unreachable")


async def test_all_phones_of_somebody_in_the_branch_ring_together_and_either_answers(both: House) -> None:
    desk, soft = await both.phone("bea-desk"), (await both.phone("bea-soft")).answers(after=0.2)
    await both.daemon(group("sales", "bea"))

    call = await both.caller(both.main).dials(NUMBER)
    await call.answered()

    await call.hears(soft)
    assert "elsewhere" in (await desk.cancelled()).cancel_reason.lower()


async def test_a_direct_call_in_the_branch_occupies_its_operator_for_callers_of_the_head_office(both: House) -> None:
    bea, bob = await both.phone("bea-desk"), (await both.phone("bob")).answers(after=0.1)
    anna = (await both.phone("anna-desk")).answers(after=0.1)
    running = await both.daemon(group("sales", "bea", "anna"))

    await bea.dials("202")
    await bob.talking()
    await running.knows_of("PJSIP/bea-desk", "INUSE")  # over another link than the one that tells of the caller
    await (await both.caller(both.main).dials(NUMBER)).answered()
    await anna.talking()

    assert (await running.logs("inquiry.decided"))["verdicts"] == {"bea": "busy", "anna": "chosen"}


async def test_nobody_gets_two_calls_at_once_from_two_offices(both: House) -> None:
    bea = (await both.phone("bea-desk")).answers(after=0.2).hangs_up(after=0.3)
    await both.daemon(group("sales", "bea"))

    first = await both.caller(both.main).dials(NUMBER)
    second = await both.caller(both.branch).dials(NUMBER)
    await first.answered()
    await second.answered()
    await second.ended()

    one, other = bea.calls
    assert other.invite_received > one.timeline.at("ended") - 0.01


async def test_without_a_trunk_nobody_is_rung_and_the_reason_says_so(both: House) -> None:
    await both.phone("anna-desk")
    bea = (await both.phone("bea-desk")).answers(after=0.1)
    running = await both.daemon(group("sales", "anna", "bea"), trunks=("branch",))

    await (await both.caller(both.branch).dials(NUMBER)).answered()
    await bea.talking()

    assert (await running.logs("inquiry.decided"))["verdicts"] == {"anna": "no_trunk", "bea": "chosen"}


async def test_the_caller_gives_up_and_the_phone_in_the_branch_stops(both: House) -> None:
    bea = await both.phone("bea-desk")
    running = await both.daemon(group("sales", "bea"))

    call = await both.caller(both.main).dials(NUMBER)
    await bea.ringing()
    await call.cancels()

    await bea.cancelled()
    assert (await running.logs("inquiry.closed"))["detail"] == "abandoned"


# -- codes -------------------------------------------------------------------------------------------------------------


async def test_who_is_in_the_branch_logs_in_and_out_and_pauses_at_their_own_phone(both: House) -> None:
    bea = (await both.phone("bea-desk")).answers(after=0.1)
    running = await both.daemon(group("sales", "bea"))

    await (await bea.dials("*45")).answered()
    await running.logs("code.done", operator="bea", presence="logged_out")
    call = await both.caller(both.main).dials(NUMBER)
    await call.ringing()
    assert (await running.logs("inquiry.decided"))["verdicts"] == {"bea": "logged_out"}
    await (await bea.dials("*45")).answered()
    await running.logs("code.done", operator="bea", presence="available")
    await call.answered(within=20)

    await bea.talking()


async def test_who_is_in_the_branch_takes_a_call_of_the_head_office_that_rings_beside_them(both: House) -> None:
    bea, bob = await both.phone("bea-desk"), await both.phone("bob")
    running = await both.daemon(group("sales", "bob", "bea"))

    call = await both.caller(both.main).dials(NUMBER)
    await bob.ringing()
    await running.logs("inquiry.ringing")
    taken = await bea.dials("*11")
    await taken.answered()
    await call.answered()

    await call.hears(taken)
    # The two PBXs tell of it in any order: that it was answered where bob is rung, and that it was bea who did.
    await running.logs("inquiry.accepted", operator="bea")
    assert (await running.logs("inquiry.picked_up"))["detail"] == "from bob"
    assert "inquiry.missed" not in [line["event"] for line in running.log()]


async def test_who_is_at_the_head_office_takes_a_call_that_rings_in_the_branch(both: House) -> None:
    anna, bea = await both.phone("anna-desk"), await both.phone("bea-desk")
    running = await both.daemon(group("sales", "bea", "anna"))

    call = await both.caller(both.main).dials(NUMBER)
    await bea.ringing()
    await running.logs("inquiry.ringing")
    taken = await anna.dials("*11")
    await taken.answered()
    await call.answered()

    await call.hears(taken)
    assert "elsewhere" in (await bea.cancelled()).cancel_reason.lower()
    assert (await running.logs("inquiry.accepted"))["operator"] == "anna"


async def test_a_call_that_rings_at_the_other_office_alone_cannot_be_taken_from_here(both: House) -> None:
    anna, bea = await both.phone("anna-desk"), await both.phone("bea-desk")
    running = await both.daemon(group("sales", "anna", "bea"))

    call = await both.caller(both.main).dials(NUMBER)
    await anna.ringing()
    await running.logs("inquiry.ringing")
    refused = await bea.dials("*11")

    why = "nothing is being offered that can be taken from branch in a group that allows pickup"
    await running.logs("code.refused", reason=why)
    await refused.ended()
    anna.answers(after=0.1)
    await call.answered()


# -- who may come by the trunk -----------------------------------------------------------------------------------------


async def test_a_call_from_outside_cannot_use_what_is_for_trunks_between_offices(both: House) -> None:
    bea = await both.phone("bea-desk")
    running = await both.daemon(group("sales", "anna"))

    forged = {"X-Huntgroup": "call-main-1.1/1/30"}
    call = await both.caller(both.branch).dials("201", headers=forged)

    assert (await call.ended()).status in {404, 503}
    assert bea.calls == []
    assert "inquiry.accepted" not in [line["event"] for line in running.log()]


# -- one of them goes away ---------------------------------------------------------------------------------------------


async def test_the_link_to_the_branch_is_cut_and_the_head_offices_callers_notice_nothing(both: House) -> None:
    anna = (await both.phone("anna-desk")).answers(after=0.1)
    bea = (await both.phone("bea-desk")).answers(after=0.1)
    async with Link(both.branch) as link:
        running = await both.daemon(group("sales", "bea", "anna"), branch_link=link)
        at_branch = await both.caller(both.branch).dials(NUMBER)
        await at_branch.answered()
        await running.logs("inquiry.accepted", operator="bea")

        link.cut()
        await running.logs("pbx.lost", pbx="branch")
        call = await both.caller(both.main).dials(NUMBER)
        await call.answered()
        await call.hears(anna)
        decided = await running.logs("inquiry.decided", after=1)
        assert decided["verdicts"] == {"bea": "pbx_unreachable", "anna": "chosen"}
        await at_branch.hears(bea)

        await at_branch.hangs_up()
        await both.branch.idle()
        link.mend()
        repaired = await running.logs("pbx.repaired", pbx="branch")
        assert (repaired["believed"], repaired["found"]) == ("talking to PJSIP/bea-desk", "gone")
        closed = await running.logs("inquiry.closed", operator="bea")
        assert closed["inquiry"].startswith("call-branch-")
        await call.hears(anna)
        await call.hangs_up()
        assert (await running.logs("inquiry.closed", operator="anna"))["detail"] == "answered"
        assert not [line for line in running.log() if line["event"] == "pbx.lost" and line["pbx"] == "main"]


async def test_the_branch_is_killed_while_its_phone_rings_for_the_head_office_and_the_next_rings_at_once(
    both: House,
) -> None:
    bea = await both.phone("bea-desk")
    anna = await both.phone("anna-desk")
    running = await both.daemon(group("sales", "bea", "anna", rings="20"))

    call = await both.caller(both.main).dials(NUMBER)
    await bea.ringing()
    await running.logs("inquiry.ringing")
    both.branch.kill()
    rung = await anna.ringing()
    anna.answers(after=0.1)
    await call.answered()

    assert rung.ringing_sent - bea.calls[0].ringing_sent < 1.0
    withdrawn = await running.logs("inquiry.offer_withdrawn")
    assert (withdrawn["operator"], withdrawn["detail"]) == ("bea", "their PBX is away")
    assert "inquiry.missed" not in [line["event"] for line in running.log()]
    await call.hears(anna)


async def test_the_branch_is_killed_and_comes_back_with_all_that_it_can_do(both: House) -> None:
    anna, bea = (await both.phone("anna-desk")).answers(after=0.1), (await both.phone("bea-desk")).answers(after=0.1)
    bob = (await both.phone("bob")).answers(after=0.1)
    running = await both.daemon(group("sales", "anna", "bea", "bob"))
    talking = await both.caller(both.main).dials(NUMBER)
    await talking.answered()
    waiting = await both.caller(both.main).dials(NUMBER)
    await waiting.answered()
    await bea.talking()
    await waiting.hears(bea)
    await running.logs("inquiry.accepted", operator="bea")

    await both.branch.saved()
    both.branch.kill()
    await running.logs("pbx.lost", pbx="branch")
    await talking.hears(anna)
    third = await both.caller(both.main).dials(NUMBER)
    await third.ringing()
    await waiting.ended()  # the trunk is silent: main hangs up by itself
    await running.logs("inquiry.closed", operator="bea")
    await both.branch.start()
    await both.is_joined()
    await running.logs("pbx.found", pbx="branch", after=1)

    await third.answered(within=20)  # not by bea, whose phone never heard that her call is over
    await third.hears(bob)
    assert (await running.logs("inquiry.accepted", after=2))["operator"] == "bob"
    await talking.hears(anna)


async def test_the_daemon_is_killed_under_calls_in_both_offices_and_adopts_them(both: House) -> None:
    anna, bea = (await both.phone("anna-desk")).answers(after=0.1), (await both.phone("bea-desk")).answers(after=0.1)
    bob = await both.phone("bob")
    running = await both.daemon(group("sales", "bea", "anna", "bob"))
    across = await both.caller(both.main).dials(NUMBER)
    await across.answered()
    back = await both.caller(both.branch).dials(NUMBER)
    await back.answered()
    rings = await both.caller(both.main).dials(NUMBER)
    await bob.ringing()
    await running.logs("inquiry.ringing", operator="bob")

    running.kill()
    await running.start()
    await running.logs("pbx.found", pbx="branch", after=1)
    await running.logs("pbx.found", pbx="main", after=1)
    bob.answers(after=0.1)
    await rings.answered()
    await running.logs("inquiry.accepted", operator="bob")

    for call, phone in ((across, bea), (back, anna), (rings, bob)):
        await call.hears(phone)
        await call.hangs_up()
    for name in ("anna", "bea", "bob"):
        assert (await running.logs("inquiry.closed", operator=name))["detail"] == "answered"


async def test_whom_somebody_in_the_branch_answered_behind_a_cut_link_is_known_to_be_theirs(both: House) -> None:
    bea, bob = await both.phone("bea-desk"), await both.phone("bob")
    async with Link(both.main) as link:
        running = await both.daemon(group("sales", "bea", "bob", distribution='"all_at_once"'), main_link=link)
        call = await both.caller(both.main).dials(NUMBER)
        await bob.ringing()
        await running.logs("inquiry.ringing", operator="bob")
        link.cut()
        await running.logs("pbx.lost", pbx="main")
        bob.answers(after=0.1)
        await call.answered()
        link.mend()

        accepted = await running.logs("inquiry.accepted")
        assert (accepted["operator"], accepted["detail"]) == ("bob", "found in conversation")
        await call.hears(bob)
        await call.hangs_up()
        assert (await running.logs("inquiry.closed"))["operator"] == "bob"
        assert bea.calls[0].ending is not None


async def test_while_the_daemon_is_away_each_office_rings_the_operators_of_both(both: House) -> None:
    bea, anna = (await both.phone("bea-desk")).answers(after=0.2), await both.phone("anna-desk")
    running = await both.daemon(group("sales", "bea", "anna"))
    await running.stop()

    call = await both.caller(both.main).dials(NUMBER)
    await call.answered()
    await call.hears(bea)
    await running.start()
    await running.logs("pbx.found", pbx="main", after=1)
    accepted = await running.logs("inquiry.accepted")
    assert (accepted["operator"], accepted["detail"]) == ("bea", "served by the PBX itself")
    await call.hangs_up()

    assert (await running.logs("inquiry.closed"))["operator"] == "bea"
    assert anna.calls == []


async def test_who_in_the_branch_answered_while_the_daemon_was_away_is_on_record(both: House) -> None:
    bea = (await both.phone("bea-desk")).answers(after=0.1)
    running = await both.daemon(group("sales", "bea"))
    await running.stop()

    call = await both.caller(both.main).dials(NUMBER)
    await call.answered()
    await call.hears(bea)
    await call.hangs_up()
    await both.main.idle()
    await running.start()

    accepted = await running.logs("inquiry.accepted")
    assert (accepted["operator"], accepted["detail"]) == ("bea", "served by the PBX itself")
