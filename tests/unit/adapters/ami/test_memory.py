"""Whatever comes in whatever order: when the callers are gone, nothing is remembered of them."""

from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.adapters.ami.conftest import PHONES
from tests.unit.adapters.ami.messages import dial, dialed, hangup, read, status, waiting

from huntgroup.adapters.ami.resync import reconcile
from huntgroup.adapters.ami.translate import Translator
from huntgroup.engine.ids import PbxId

CALLS = {"1.1": "PJSIP/trunk-00000001", "1.2": "PJSIP/trunk-00000002"}
LEGS = ("PJSIP/anna-desk-00000003", "PJSIP/ben-00000004")
STATUSES = ("RINGING", "ANSWER", "NOANSWER", "CANCEL", "BUSY", "CHANUNAVAIL")


@st.composite
def messages(draw: st.DrawFn) -> str:
    """One message about one of two calls and one of two phones."""
    uniqueid, channel = draw(st.sampled_from(list(CALLS.items())))
    leg, attempt = draw(st.sampled_from(LEGS)), draw(st.sampled_from("123"))
    about = {"Uniqueid": uniqueid, "Channel": channel}
    kind = draw(st.sampled_from(["waiting", "DialBegin", "DialState", "DialEnd", "dialed", "leg", "caller"]))
    match kind:
        case "waiting":
            return waiting(**about)
        case "dialed":
            return dialed(attempt, **about)
        case "leg":
            return hangup(leg, "1.3", draw(st.sampled_from(["0", "16", "21"])))
        case "caller":
            return hangup(channel, uniqueid)
    return dial(kind, attempt, draw(st.sampled_from(STATUSES)), leg=leg, **about)


UNANSWERED = [
    waiting(Uniqueid="1.1"),
    dial("DialBegin", "1", leg=LEGS[0], Uniqueid="1.1"),
    dial("DialEnd", "1", "NOANSWER", leg=LEGS[0], Uniqueid="1.1"),
]


@given(st.lists(messages(), max_size=30))
@example(UNANSWERED)
@example([*UNANSWERED, hangup(LEGS[0], "1.3", "21")])
@example([*UNANSWERED, dialed("1", Uniqueid="1.1"), hangup(LEGS[0], "1.3", "21")])
@example([*UNANSWERED, hangup(LEGS[0], "1.3"), dialed("1", Uniqueid="1.1")])
@example([UNANSWERED[0], UNANSWERED[1], hangup(LEGS[0], "1.3"), UNANSWERED[2]])
@example([*UNANSWERED, hangup(CALLS["1.1"], "1.1"), hangup(LEGS[0], "1.3"), *UNANSWERED[1:]])
def test_after_the_last_caller_hangs_up_nothing_is_remembered(texts: list[str]) -> None:
    translator = Translator(PbxId("main"), PHONES)

    for text in texts:
        translator.translate(read(text))
    for uniqueid, channel in CALLS.items():
        translator.translate(read(hangup(channel, uniqueid)))

    assert translator.size() == 0


@given(st.lists(messages(), max_size=30))
def test_a_resync_forgets_whatever_ended_unseen(texts: list[str]) -> None:
    translator = Translator(PbxId("main"), PHONES)

    for text in texts:
        translator.translate(read(text))
    is_known = translator.known_call("1.1") is not None
    reconcile([read(status("huntgroup-hold", Uniqueid="1.1", Channel=CALLS["1.1"]))], translator)

    assert translator.size() == (2 if is_known else 0)
