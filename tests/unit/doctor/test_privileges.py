"""Event filters, judged as Asterisk judges them."""

from pathlib import Path

import pytest

from huntgroup.doctor import privileges
from huntgroup.doctor.findings import Outcome

OURS = (Path(__file__).parents[3] / "config" / "manager.conf").read_text()
LINES = [line.partition("=")[2].strip() for line in OURS.splitlines() if line.startswith("eventfilter")]
OTHERS = (
    *("AgentCalled", "AgentComplete", "AgentConnect", "AttendedTransfer", "BlindTransfer", "BridgeCreate"),
    *("BridgeDestroy", "BridgeEnter", "BridgeLeave", "BridgeMerge", "Cdr", "ChannelTalkingStart", "ContactStatus"),
    *("DTMFBegin", "DTMFEnd", "EndpointList", "ExtensionStatus", "HangupRequest", "HangupHandlerRun", "Hold", "Unhold"),
    *("LocalBridge", "LocalOptimizationBegin", "MessageWaiting", "MusicOnHoldStart", "NewAccountCode", "NewCallerid"),
    *("NewConnectedLine", "NewExten", "Newchannel", "Newstate", "OriginateResponse", "ParkedCall", "PeerStatus"),
    *("Pickup", "PresenceStateChange", "QueueCallerJoin", "Registry", "Rename", "Shutdown", "SoftHangupRequest"),
    *("SuccessfulAuth", "UnParkedCall", "VarSet", "Reload", "RTCPSent", "Status"),
)
"""Other events of Asterisk's: one that config/manager.conf lets through must be known to the doctor."""


def judged(*lines: str) -> tuple[Outcome, str]:
    found = privileges._filters("huntgroup", list(lines))
    return found.outcome, found.said


def test_those_of_the_repository_let_through_what_the_daemon_needs() -> None:
    assert judged(*LINES) == (Outcome.OK, "the event filters let through what the daemon needs")


@pytest.mark.parametrize("name", [name for name in OTHERS if name not in privileges.EVENTS])
def test_those_of_the_repository_let_nothing_else_through(name: str) -> None:
    assert not privileges._expression(LINES[0]).search(f"Event: {name}\r\nPrivilege: call,all\r\n\r\n")


def test_the_privileges_of_the_repository_are_those_that_are_looked_for() -> None:
    read = next(line for line in OURS.splitlines() if line.startswith("read"))
    write = next(line for line in OURS.splitlines() if line.startswith("write"))

    assert read == f"read = {','.join(privileges.READ)}"
    needed = (*privileges.WRITE, privileges.TO_CALL_BACK)
    assert write == f"write = {','.join(each.name for each in needed)}"


def test_a_filter_that_keeps_something_away_is_named_with_it() -> None:
    assert judged(*LINES, "!DialState") == (
        Outcome.FAILED,
        "the event filters keep away what the daemon needs: DialState",
    )


def test_a_filter_by_which_a_caller_can_hide_their_call_is_found() -> None:
    outcome, said = judged(*LINES, "![[:cntrl:]]{4}.")

    assert outcome is Outcome.FAILED
    assert "hide their own call" in said


def test_a_filter_that_lets_only_one_thing_in_keeps_all_else_away() -> None:
    outcome, said = judged("Event: UserEvent")

    assert outcome is Outcome.FAILED
    assert "DialBegin" in said
    assert "UserEvent" not in said


def test_no_filters_are_worth_a_note() -> None:
    assert judged()[0] is Outcome.NOTE


@pytest.mark.parametrize("line", ["Event: (", "[[:punct:]]"])
def test_a_filter_that_cannot_be_judged_is_no_failure(line: str) -> None:
    assert judged(line)[0] is Outcome.NOTE
