"""The calls that the PBX served by itself, as its database tells of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.adapters.ami.conftest import Daemon
from tests.unit.adapters.ami.fake_asterisk import CLOCK, FakeAsterisk
from tests.unit.adapters.ami.messages import INQUIRY, UNIQUEID, entry, hangup, read, served, status, waiting

from huntgroup.adapters.ami import served as ring
from huntgroup.adapters.ami.calls import Callback, OpenCall
from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.translate import Translator
from huntgroup.adapters.clock import Clock
from huntgroup.engine.events import Customer, CustomerLeft, Event, FallbackServed, PbxFound
from huntgroup.engine.ids import AttemptNo, InquiryId, OperatorId, PbxId, PhoneId, SourceId

SERVED = FallbackServed(
    pbx=PbxId("main"),
    entry=7,
    inquiry=InquiryId(INQUIRY),
    source=SourceId("+48221234567"),
    customer=Customer(name='J"a, n', phone="+48600700800"),
    came_at=1795282404.0,
    answered_at=1795282414.5,
    phone=PhoneId("PJSIP/anna-desk"),
    ended_at=1795282444.0,
)


def keeps(asterisk: FakeAsterisk, last: int, *texts: str) -> None:
    """The PBX has these entries, the last one under this number."""
    asterisk.keys["huntgroup/served/count"] = str(last)
    for number, text in zip(range(last - len(texts) + 1, last + 1), texts, strict=True):
        asterisk.keys[f"huntgroup/served/entry/{number % ring.RING}"] = text


async def has_found(daemon: Daemon) -> list[Event]:
    daemon.runs()
    await daemon.is_told(PbxFound)
    return [event for event in daemon.told if isinstance(event, FallbackServed | CustomerLeft | PbxFound)]


# -- one entry --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", [",", " "])
def test_an_entry_tells_who_came_when_and_who_answered(translator: Translator, between: str) -> None:
    assert translator.served(entry(7, between=between)) == SERVED


def test_its_parts_may_come_in_any_order(translator: Translator) -> None:
    assert translator.served(",".join(reversed(entry(7).split(",")))) == SERVED


def test_whom_nobody_answered_has_no_phone(translator: Translator) -> None:
    event = translator.served(entry(answered="", phone=""))

    assert (event.answered_at, event.phone) == (None, None)


def test_a_phone_that_is_configured_no_more_is_left_out(translator: Translator) -> None:
    event = translator.served(entry(phone="PJSIP%2Fgone-00000002"))

    assert event.answered_at is not None
    assert event.phone is None


def test_a_mobile_that_answered_is_known_by_what_was_dialled(translator: Translator) -> None:
    hers = {OperatorId("anna"): "+48600100200"}
    translator.directory = Directory(country="pl", outbound="PJSIP/{number}@trunk", mobiles=hers)

    event = translator.served(entry(phone="PJSIP%2Ftrunk-00000002~~%2B48600100200%40trunk"))
    other = translator.served(entry(phone="PJSIP%2Ftrunk-00000002~~%2B48600100201%40trunk"))

    assert (event.phone, other.phone) == (PhoneId("mobile:anna"), None)


def test_its_instants_are_told_by_our_clock(translator: Translator) -> None:
    translator.clock_ahead = 100.0

    assert translator.served(entry()).ended_at == 1795282544.0


def test_a_character_that_was_cut_in_two_is_left_out(translator: Translator) -> None:
    text = entry().replace("cxJ%22a%2C%0D%0An", "cx%C5%BCa%C5")

    assert translator.served(text).customer.name == "ża"


@given(st.text())
def test_whatever_stands_there_is_an_entry_or_refused(text: str) -> None:
    try:
        ring.entry(text)
    except ValueError:
        return


@pytest.mark.parametrize(
    "text", ["", "NOT_INUSE", "a1|2,b,c,d", entry().partition(",")[0], entry(ended="nan"), entry(ended="inf")]
)
def test_what_is_no_entry_or_half_of_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ring.entry(text)


# -- which to read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "last", "wanted"),
    [
        (0, 0, range(1, 1)),
        (0, 3, range(1, 4)),
        (3, 5, range(1, 6)),
        (200, 205, range(151, 206)),
        (200, 5000, range(4001, 5001)),
        (0, 1000, range(1, 1001)),
        (700, 2, range(1, 3)),
        (7000, 5000, range(4001, 5001)),
    ],
    ids=["none", "all", "few", "with an overlap", "the ring", "a full ring", "counted anew", "lost and long"],
)
def test_it_reads_on_where_it_was_with_an_overlap_and_everything_of_a_pbx_that_counts_anew(
    read: int, last: int, wanted: range
) -> None:
    assert ring.wanted(read, last) == wanted


def test_what_was_overwritten_unread_is_counted() -> None:
    assert [ring.overwritten(0, 1000), ring.overwritten(5, 1010), ring.overwritten(700, 2)] == [0, 5, 0]


def test_what_is_new_is_counted() -> None:
    assert [ring.fresh(3, [2, 3, 4, 5]), ring.fresh(0, []), ring.fresh(700, [1, 2])] == [2, 0, 2]


# -- over the link ----------------------------------------------------------------------------------------------------


async def test_entries_are_told_before_anything_else_about_calls(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    keeps(asterisk, 7, entry(6, "1.6"), entry(7))

    told = await has_found(daemon)

    assert [type(event) for event in told] == [FallbackServed, FallbackServed, PbxFound]
    ahead = Clock().now() - CLOCK
    assert isinstance(told[1], FallbackServed)
    assert told[1].ended_at == pytest.approx(SERVED.ended_at + ahead, abs=1)
    (line,) = [each for each in logged if each["event"] == "pbx.found"]
    assert (line["served"], line["repaired"]) == (2, 0)


async def test_a_call_that_ended_just_after_status_was_asked_is_over(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    asterisk.channels = [status("huntgroup-hold", number="+48221234567")]
    keeps(asterisk, 1, entry(1, UNIQUEID))

    told = await has_found(daemon)

    assert [type(event) for event in told] == [FallbackServed, PbxFound]


async def test_it_reads_on_from_what_the_engine_has_read(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    keeps(asterisk, 500, entry(500))
    daemon.client.remember([], entries_read=499)

    await has_found(daemon)

    assert asterisk.count("Getvar", Variable="DB_KEYS(huntgroup/served/entry/449)") == 0
    assert asterisk.count("Getvar", Variable="DB_KEYS(huntgroup/served/entry/450)") == 1


async def test_entries_that_were_overwritten_are_told_of_in_the_log(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    keeps(asterisk, 2000)
    daemon.client.remember([], entries_read=990)

    await has_found(daemon)

    assert [line["calls"] for line in logged if line["event"] == "pbx.served_overwritten"] == [10]


async def test_what_makes_no_sense_there_is_logged_and_the_rest_is_told(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    keeps(asterisk, 2, "nonsense", entry(2))

    assert len(await has_found(daemon)) == 2
    assert [line["event"] for line in logged].count("pbx.served_not_understood") == 1


async def test_a_count_that_makes_no_sense_keeps_nobody_from_starting(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    asterisk.keys["huntgroup/served/count"] = "many"

    assert len(await has_found(daemon)) == 1
    assert "pbx.served_not_understood" in [line["event"] for line in logged]


def test_an_entry_that_is_written_while_the_daemon_looks_on_is_told_before_the_hangup(translator: Translator) -> None:
    translator.translate(read(waiting()))

    events = [*translator.translate(read(served(entry(7, between=" ")))), *translator.translate(read(hangup()))]

    assert events == [SERVED, CustomerLeft(inquiry=InquiryId(INQUIRY))]
    assert translator.entries_read == 7


# -- on a channel that is somebody else's -----------------------------------------------------------------------------

CALLED_BACK = Callback.of(InquiryId(INQUIRY), AttemptNo(2)).operator_end


def stands_for(translator: Translator) -> InquiryId | None:
    return translator.served(entry(7, CALLED_BACK)).stands_for


def test_a_customer_who_is_called_back_and_was_sent_on_is_no_caller_of_the_groups(translator: Translator) -> None:
    translator.remember([OpenCall(inquiry=InquiryId(INQUIRY), attempts=AttemptNo(2), called_back_in=AttemptNo(2))])

    assert stands_for(translator) == INQUIRY


def test_one_who_was_reached_and_then_sent_on_is(translator: Translator) -> None:
    translator.translate(read(waiting(Uniqueid=CALLED_BACK)))

    assert stands_for(translator) is None


def test_and_so_is_one_of_whom_nothing_is_known_any_more(translator: Translator) -> None:
    assert stands_for(translator) is None


# -- forgotten once it is on record ------------------------------------------------------------------------------------


def deleted(asterisk: FakeAsterisk) -> list[str]:
    """The keys that the PBX was told to delete, in order."""
    variables = [each["Variable"] for each in asterisk.actions if each["Action"] == "Setvar"]
    return [each[len("DB_DELETE(") : -1] for each in variables if each.startswith("DB_DELETE(")]


ENTRY = "huntgroup/served/entry/7/"
KEYS = [f"{ENTRY}{part}" for part in entry(7).split(",")]


async def test_pbx_forgets_a_caller_once_they_are_on_record(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    keeps(asterisk, 7, entry(7))
    await has_found(daemon)
    assert deleted(asterisk) == []

    daemon.write()
    await asterisk.receives("Setvar", Variable=f"DB_DELETE({KEYS[-1]})")

    assert deleted(asterisk) == KEYS


async def test_pbx_forgets_a_caller_of_whom_an_event_told(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    daemon.write()
    await has_found(daemon)

    asterisk.says(waiting())
    asterisk.says(served(entry(7, between=" ")))
    await asterisk.receives("Setvar", Variable=f"DB_DELETE({KEYS[-1]})")

    assert deleted(asterisk) == KEYS


async def test_brackets_of_a_callers_name_stay_in_the_key(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    daemon.write()
    keeps(asterisk, 7, entry(7).replace("cxJ", "cx(J))"))
    await has_found(daemon)

    await asterisk.receives("Setvar", Variable=f"DB_DELETE({ENTRY}cx(J))%22a%2C%0D%0An)")


async def test_entry_that_is_deleted_or_was_being_is_no_call(
    asterisk: FakeAsterisk, daemon: Daemon, logged: list[Any]
) -> None:
    keeps(asterisk, 3, "", "bx%2B48600700800,cxJan", entry(3))

    assert len([each for each in await has_found(daemon) if isinstance(each, FallbackServed)]) == 1
    assert "pbx.served_not_understood" not in [line["event"] for line in logged]


async def test_caller_is_kept_at_the_pbx_while_the_link_is_down(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    keeps(asterisk, 7, entry(7))
    await has_found(daemon)
    await asterisk.goes_away()
    daemon.write()
    daemon.is_writing = False
    await asterisk.comes_back()
    await daemon.is_told(PbxFound, times=2)
    assert deleted(asterisk) == []

    daemon.write()

    await asterisk.receives("Setvar", Variable=f"DB_DELETE({KEYS[-1]})")
