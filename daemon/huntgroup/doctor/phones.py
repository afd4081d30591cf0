"""The phones that the configuration names, as the PBX knows them; and the other places that callers are sent to."""

import difflib
import secrets
from collections.abc import AsyncIterator, Iterable

from huntgroup.doctor.findings import Finding, failed, fine, listed, note
from huntgroup.doctor.session import Session
from huntgroup.settings import Operator, Reply, Settings, Voicemail

UNKNOWN = "INVALID"
AWAY = frozenset({"UNAVAILABLE", "UNKNOWN"})
SHOWN_MOST = 10
PIN_DIGITS = 8
GUESSED = frozenset({"", "0000", "1111", "1234", "12345", "123456"})


async def look(session: Session, settings: Settings) -> AsyncIterator[Finding]:
    """Each phone, and the mailboxes."""
    here = [each for each in settings.operators if (each.pbx or settings.pbx[0].id) == session.pbx.id]
    async for finding in _phones(session, here):
        yield finding
    for finding in await mailboxes(session, mailboxes_of(settings)):
        yield finding


async def _phones(session: Session, operators: Iterable[Operator]) -> AsyncIterator[Finding]:
    owners = {phone: operator for operator in operators for phone in operator.phones}
    if not owners:
        yield note("phones.known", "no operator has a phone", "[[operators]]: phones", '`phones = ["PJSIP/101"]`')
        return
    found = await session.values(f"DEVICE_STATE({phone})" for phone in owners)
    states = {phone: found[f"DEVICE_STATE({phone})"] for phone in owners}
    unknown = [phone for phone, state in states.items() if state == UNKNOWN]
    known_there = await _devices(session) if unknown else []
    for phone in unknown:
        yield _unknown(phone, owners[phone], known_there)
    known = [phone for phone in owners if phone not in unknown]
    if known:
        yield fine("phones.known", f"the PBX knows {len(known)} of {len(owners)} phones")
    away = [phone for phone in known if states[phone] in AWAY]
    if away:
        shown = listed(away[:SHOWN_MOST]) + (f" and {len(away) - SHOWN_MOST} more" if len(away) > SHOWN_MOST else "")
        mend = 'nobody is rung there until it is: see the phone\'s account, and `asterisk -rx "pjsip show contacts"`'
        yield note("phones.registered", f"not registered: {shown}", "the phones", mend)
    shared = [phone for phone, count in (await _devices_of(session, known)).items() if count > 1]
    if shared:
        mend = "an endpoint of its own for each (`max_contacts=1`), all of them listed in the operator's `phones`"
        said = f"several devices are registered as one phone, and Asterisk rings one of them: {listed(shared)}"
        yield note("phones.shared", said, "pjsip.conf: max_contacts", mend)


async def _devices_of(session: Session, phones: Iterable[str]) -> dict[str, int]:
    """How many devices are registered as each phone of chan_pjsip's, as far as the PBX tells."""
    names = {phone: phone.removeprefix("PJSIP/") for phone in phones if phone.startswith("PJSIP/")}
    told = await session.values(f"PJSIP_ENDPOINT({name},aors)" for name in names.values())
    aors = {phone: told[f"PJSIP_ENDPOINT({name},aors)"].split(",") for phone, name in names.items()}
    contacts = await session.values(f"PJSIP_AOR({aor},contact)" for each in aors.values() for aor in each if aor)
    registered = {aor: len([each for each in text.split(",") if each]) for aor, text in contacts.items()}
    return {phone: sum(registered.get(f"PJSIP_AOR({aor},contact)", 0) for aor in each) for phone, each in aors.items()}


async def _devices(session: Session) -> list[str]:
    return [each.device for each in await session.items("DeviceStateList") if not each.device.startswith("MWI:")]


def _unknown(phone: str, owner: Operator, known: list[str]) -> Finding:
    tech, _, name = phone.partition("/")
    near = difflib.get_close_matches(phone, known, 1, 0.7)
    guess = f"did you mean `{near[0]}`? " if near else ""
    place = "pjsip.conf" if tech == "PJSIP" else f"the configuration of {tech}"
    mend = (
        f'{guess}Name it as the PBX does, or add [{name}] to {place}: `asterisk -rx "pjsip show endpoints"` lists all'
    )
    return failed("phones.known", f"the PBX knows no {phone}", f"[[operators]] {owner.id}: phones", mend)


def mailboxes_of(settings: Settings) -> dict[str, str]:
    """Every mailbox that a group's action names, with the option that does."""
    found: dict[str, str] = {}
    for group in settings.groups:
        for hook, value in group:
            action = value.then if isinstance(value, Reply) else value
            if isinstance(action, Voicemail):
                found.setdefault(action.mailbox, f"[[groups]] {group.id}: {hook}")
    return found


async def _guessed(session: Session, boxes: Iterable[str]) -> list[Finding]:
    """Mailboxes whose PIN anybody guesses; nothing where Asterisk tells no PIN (as 16.28 without VM_INFO)."""
    pins = await session.values(f"VM_INFO({box},password)" for box in boxes)
    weak = [
        box for box in boxes if pins[f"VM_INFO({box},password)"].removeprefix("-") in {*GUESSED, box.partition("@")[0]}
    ]
    if not weak:
        return []
    said = f"a PIN that anybody guesses opens the mailbox of {listed(weak)}"
    mend = f'{PIN_DIGITS} digits of no order behind `=>` in voicemail.conf, then `asterisk -rx "voicemail reload"`'
    return [note("phones.pins", said, "voicemail.conf", mend)]


async def mailboxes(session: Session, wanted: dict[str, str]) -> list[Finding]:
    """Whether they are there."""
    if not wanted:
        return []
    if await session.value("IFMODULE(app_voicemail.so)") == "0":
        mend = '`asterisk -rx "module load app_voicemail.so"`'
        return [failed("phones.mailboxes", "app_voicemail is not loaded", "modules.conf", mend)]
    found = await session.values(f"VM_INFO({box},exists)" for box in wanted)
    missing = [box for box in wanted if found[f"VM_INFO({box},exists)"] != "1"]
    findings = await _guessed(session, [box for box in wanted if box not in missing])
    if not missing:
        return [fine("phones.mailboxes", f"the PBX knows every mailbox: {listed(wanted)}"), *findings]
    for box in missing:
        name, _, context = box.partition("@")
        # Whoever knows the PIN hears the messages, and dials out where voicemail.conf allows it.
        pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"
        mend = (
            f"voicemail.conf, [{context or 'default'}]: `{name} => {pin},{name}` (a PIN made just now, at random), "
            'then `asterisk -rx "voicemail reload"`'
        )
        findings.append(failed("phones.mailboxes", f"the PBX knows no mailbox {box}", wanted[box], mend))
    return findings
