"""A caller may say that they are anyone, in any bytes that SIP can carry: they stay a caller.

Asterisk writes a caller's number and a dialled number into AMI events as they come, line breaks and all. So a caller
can write lines and whole messages there; here they try, against the daemon and a victim who waits.
"""

import pytest
from tests.lab.daemon import Daemon
from tests.lab.pbx import Pbx
from tests.lab.phones import Caller
from tests.live.configuration import NUMBER, configuration, group
from tests.live.conftest import OpenPhone, StartDaemon
from tests.live.exchanges import on_both_versions

pytestmark = pytest.mark.live


UNKNOWN_NUMBER = "+48999"
LONG_RINGS = configuration(group("sales", "anna", "ben", rings="100"))

FORGERIES = {
    "a hangup of the victim": "\r\n\r\nEvent: Hangup\r\nUniqueid: {uniqueid}\r\nChannel: x\r\n\r\n",
    "the attacker's call with the victim's channel": "\r\n\r\nEvent: UserEvent\r\nChannel: {channel}",
    "a phone's state": "\r\n\r\nEvent: DeviceStateChange\r\nDevice: PJSIP/ben\r\nState: BUSY\r\n\r\n",
    "a phone's state in an event": "\r\nevent: DeviceStateChange\r\nDevice: PJSIP/ben\r\nState: BUSY",
    "another kind of event": "\r\nEvent: Hangup",
    "another channel": "\r\nchannel: {channel}",
    "a caller who is not there": "\r\nUserEvent: HuntgroupWaiting\r\nUniqueid: 666.1\r\nNumber: +48221234567",
    "a call that was served": "\r\nUserEvent: HuntgroupServed\r\nEntry: a9|6.6|{uniqueid}|1|1|2 bx cx dx",
    "an action": "\r\n\r\nAction: Setvar\r\nVariable: GLOBAL(OWNED)\r\nValue: yes\r\n\r\n",
}
"""What a caller writes behind a digit of a number. Asterisk takes 79 bytes over."""

pbx = on_both_versions()


async def has_heard_all(pbx: Pbx, daemon: Daemon) -> None:
    """Returns once the daemon has dealt with all that happened before: it refuses a call of now."""
    refused = sum(1 for line in daemon.log() if line["event"] == "inquiry.closed")
    async with pbx.caller() as caller:
        await (await caller.dials(UNKNOWN_NUMBER, number="+48600000000")).ended()
    await daemon.logs("inquiry.closed", after=refused)


async def channel_and_uniqueid(pbx: Pbx) -> tuple[str, str]:
    """Of the one caller there is."""
    async with pbx.ami("off") as ami:
        (entry,) = [each for each in await ami.entries("Status") if each["Channel"].startswith("PJSIP/trunk-")]
    return entry["Channel"], entry["Uniqueid"]


@pytest.mark.parametrize("field", ["number", "dialled"])
@pytest.mark.parametrize("forgery", FORGERIES)
async def test_nothing_that_a_caller_writes_is_taken_for_asterisks_word(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, *, forgery: str, field: str
) -> None:
    anna, ben = await phone("anna-desk"), await phone("ben")
    running = await daemon(LONG_RINGS)
    victim = await caller.dials(NUMBER)
    rung = await anna.ringing()
    channel, uniqueid = await channel_and_uniqueid(pbx)
    text = "1" + FORGERIES[forgery].format(channel=channel, uniqueid=uniqueid)

    async with pbx.caller() as attacker:
        if field == "number":
            await attacker.dials(UNKNOWN_NUMBER, number=text)
        else:
            await attacker.dials(text)
        await has_heard_all(pbx, running)
    await has_heard_all(pbx, running)  # of its end as well

    known = {line["inquiry"] for line in running.log() if line["event"] == "inquiry.received"}
    assert known == {f"call-main-{uniqueid}"}
    assert not [line for line in running.log() if line["event"] in ("inquiry.abandoned", "pbx.lost")]
    assert anna.is_ringing
    async with pbx.caller() as honest, pbx.ami("off") as ami:
        await honest.dials(NUMBER)
        await ben.ringing()  # whose phone counts as free
        assert (await ami.action("Getvar", Variable="GLOBAL(OWNED)"))["Value"] == ""
    rung.answer()
    await victim.answered()
    await victim.hears(anna)


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_hostile_caller_on_the_line_does_not_keep_the_daemon_from_starting(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, *, forgery: str
) -> None:
    anna = await phone("anna-desk")
    first = await daemon(configuration(group("sales", "anna")))
    await anna.is_offline()
    await caller.dials(NUMBER)
    waits = await first.logs("inquiry.received")
    channel, uniqueid = await channel_and_uniqueid(pbx)
    text = "1" + FORGERIES[forgery].format(channel=channel, uniqueid=uniqueid)

    async with pbx.caller() as attacker:
        await (await attacker.dials(NUMBER, number=text)).ringing()
        first.kill()
        await (await attacker.dials(text)).ringing()  # nobody is there to say that it is no number of ours
        await anna.registers()
        second = await daemon(configuration(group("sales", "anna")))
        await anna.ringing()

    assert (await second.logs("inquiry.received"))["inquiry"] == waits["inquiry"]
    told = [line for line in second.log() if line["event"] in ("inquiry.abandoned", "pbx.lost")]
    assert not [line for line in told if line.get("inquiry") in (None, waits["inquiry"])]  # of others they may be
    assert "call-main-6.6" not in {line.get("inquiry") for line in second.log()}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        # SIP writes a quote or backslash in a name with a backslash, and Asterisk takes it over as it is written.
        ('"${SHELL(id)}\\r\\nAction: Originate', r"\"${SHELL(id)}\\r\\nAction: Originate"),
        ('"${SHELL(id)}\r\nAction: Originate', r"\"${SHELL(id)}%0d%0aAction: Originate"),
        ("$[1+1] ${CALLERID(num)},s,1)&PJSIP/ben", "$[1+1] ${CALLERID(num)},s,1)&PJSIP/ben"),
        ("Zażółć gęślą 🦊", "Zażółć gęślą 🦊"),
        ("<unknown>", ""),
    ],
)
async def test_whatever_their_name_a_caller_is_routed_and_the_name_is_text(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, *, name: str, shown: str
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna")))

    call = await caller.dials(NUMBER, name=name)
    await call.answered()

    await call.hears(anna)
    received = await running.logs("inquiry.received")
    assert (received["customer_name"], received["customer_phone"]) == (shown, "+48600700800")
    assert "uid=" not in pbx.log_text()


@pytest.mark.parametrize("number", ["1\nEvent: Hangup", "1\r2", "${SHELL(id)}", "1,2&PJSIP/ben", '"<sip:x@y>', None])
async def test_whatever_their_number_a_caller_is_routed_and_the_number_is_one_line_of_text(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, number: str | None
) -> None:
    anna = (await phone("anna-desk")).answers()
    running = await daemon(configuration(group("sales", "anna")))

    call = await caller.dials(NUMBER, number=number)
    await call.answered()

    await call.hears(anna)
    shown = (await running.logs("inquiry.received"))["customer_phone"]
    # The first step of the dialplan takes control characters out.
    assert shown == ("anonymous" if number is None else number.replace("\r", "").replace("\n", ""))
    assert "uid=" not in pbx.log_text()


@pytest.mark.parametrize(
    "dialled", ["+48221234567;npdi=yes", "+48221234567;${SHELL(id)}", "+48 22 123 45 67", "+48(22)123-45-67"]
)
async def test_of_what_was_dialled_only_the_digits_count(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, dialled: str
) -> None:
    anna = (await phone("anna-desk")).answers()
    await daemon(configuration(group("sales", "anna")))

    call = await caller.dials(dialled)
    await call.answered()

    await call.hears(anna)
    assert "uid=" not in pbx.log_text()


ENDS = {
    "a doubled cause": "1\r\nCause: 16",
    "a doubled channel": '1"\r\nUniqueid: 1.1',
    "an empty line": "1\r\n\r\nx: y",
    "an event": "1\r\n\r\nEvent: Hangup\r\nPrivilege: call,all\r\nChannel: x",
    "an answer": "1\r\n\r\nResponse: x",
}


@pytest.mark.parametrize("number", ENDS.values(), ids=ENDS)
async def test_a_caller_whose_number_adds_lines_frees_their_operator(
    pbx: Pbx, phone: OpenPhone, caller: Caller, daemon: StartDaemon, number: str
) -> None:
    anna = await phone("anna-desk")
    running = await daemon(configuration(group("sales", "anna", wrapup='"0s"')))
    hostile = await caller.dials(NUMBER, number=number)
    (await anna.ringing()).answer()
    await hostile.answered()
    await hostile.hangs_up()
    assert (await running.logs("inquiry.closed"))["detail"] == "answered"

    async with pbx.caller() as honest:
        await honest.dials(NUMBER)
        await anna.ringing()
