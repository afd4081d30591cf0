"""A phone that dials a code is in use although Asterisk has not said so yet."""

import pytest
from tests.unit.adapters.ami.messages import code, device_state, hangup, read

from huntgroup.adapters.ami.translate import Translator
from huntgroup.engine.events import Event, PhoneState, PhoneStateChanged
from huntgroup.engine.ids import PhoneId

BEN = PhoneId("PJSIP/ben")
CHANNEL, UNIQUEID = "PJSIP/ben-00000003", "1795294133.20"
BUSY, FREE = (PhoneStateChanged(phone=BEN, state=state) for state in (PhoneState.INUSE, PhoneState.NOT_INUSE))


def said(translator: Translator, *texts: str) -> list[Event]:
    """The events of these messages, in order."""
    return [event for text in texts for event in translator.translate(read(text))]


@pytest.fixture
def free(translator: Translator) -> Translator:
    """Ben's phone is free."""
    said(translator, device_state(BEN, "NOT_INUSE"))
    return translator


def test_who_dials_is_on_the_phone_before_asterisk_says_so(free: Translator) -> None:
    assert said(free, code("*45")) == [BUSY]
    assert said(free, device_state(BEN, "INUSE"), hangup(CHANNEL, UNIQUEID)) == [BUSY]


def test_a_call_too_short_for_asterisk_to_tell_of_leaves_the_phone_as_it_was(free: Translator) -> None:
    assert said(free, code("*45"), hangup(CHANNEL, UNIQUEID)) == [BUSY, FREE]
    assert free.size() == 0


def test_what_asterisk_says_of_a_phone_stays_what_counts(free: Translator) -> None:
    unreachable = PhoneStateChanged(phone=BEN, state=PhoneState.UNAVAILABLE)

    assert said(free, code("*45"), device_state(BEN, "UNAVAILABLE"), hangup(CHANNEL, UNIQUEID)) == [BUSY, unreachable]


def test_of_a_phone_that_is_in_use_already_nothing_is_said(translator: Translator) -> None:
    said(translator, device_state(BEN, "INUSE"))

    assert said(translator, code("*45"), hangup(CHANNEL, UNIQUEID)) == []


def test_a_phone_that_is_nobodys_has_no_state(translator: Translator) -> None:
    assert said(translator, code("*45", "PJSIP/reception-00000001")) == []
    assert translator.size() == 0
