"""Our dialplan at the PBX: is all of it there, is it this daemon's, does it find what it calls, and is it tight.

The functions used here can be read with the privilege ``call`` (seen on 16.28 and 22.10).
"""

from collections.abc import AsyncIterator, Mapping
from string import ascii_lowercase
from typing import NamedTuple

from huntgroup.doctor.findings import Finding, failed, fine, listed, note
from huntgroup.doctor.session import Session
from huntgroup.settings import Telephony

VERSION = "c6a72799"
"""The fingerprint of the dialplan that this daemon was made for; dialplan/huntgroup-version.conf says the same, and
tests/unit/doctor/test_dialplan.py which it must be."""


class Place(NamedTuple):
    """An extension that a file brings along."""

    file: str
    context: str
    extension: str


PLACES = (
    Place("huntgroup-inbound.conf", "huntgroup-inbound", "+1"),
    Place("huntgroup-clean.conf", "huntgroup-clean", "s"),
    Place("huntgroup-hold.conf", "huntgroup-hold", "wait"),
    Place("huntgroup-offer.conf", "huntgroup-offer", "1"),
    Place("huntgroup-offer.conf", "huntgroup-offer-music", "1"),
    Place("huntgroup-offer.conf", "huntgroup-offer-over", "1"),
    Place("huntgroup-fallback.conf", "huntgroup-fallback", "s"),
    Place("huntgroup-fallback.conf", "huntgroup-remember", "s"),
    Place("huntgroup-served.conf", "huntgroup-served", "s"),
    Place("huntgroup-served.conf", "huntgroup-answered", "s"),
    Place("huntgroup-across.conf", "huntgroup-across", "1"),
    Place("huntgroup-across.conf", "huntgroup-across-leg", "s"),
    Place("huntgroup-announce.conf", "huntgroup-announce", "say"),
    Place("huntgroup-announce.conf", "huntgroup-leave", "1"),
    *(Place("huntgroup-announce.conf", f"huntgroup-leave-{key}", str(key)) for key in range(10)),
    Place("huntgroup-callback.conf", "huntgroup-callback", "1"),
    Place("huntgroup-callback.conf", "huntgroup-callback-customer", "1"),
    Place("huntgroup-features.conf", "huntgroup-code", "code*11"),
    Place("huntgroup-features.conf", "huntgroup-said", "refused"),
    Place("huntgroup-features.conf", "huntgroup-speak", "s"),
    Place("huntgroup-join.conf", "huntgroup-join", "1"),
    Place("huntgroup-join.conf", "huntgroup-joined", "1"),
    Place("huntgroup-join.conf", "huntgroup-joined-by", "s"),
    Place("huntgroup-outside.conf", "huntgroup-out", "1"),
    Place("huntgroup-reply.conf", "huntgroup-reply", "1"),
    Place("huntgroup-reply.conf", "huntgroup-promise", "1"),
    Place("huntgroup-voicemail.conf", "huntgroup-voicemail", "1"),
)
"""Every context of ours: a new one is one line. But huntgroup-features, which has no extension of its own."""
MODULES = {
    "app_dial": ("Dial",),
    "app_db": ("DBdeltree",),
    "app_exec": ("ExecIf", "TryExec"),
    "app_stack": ("Gosub", "Return"),
    "app_userevent": ("UserEvent",),
    "func_callerid": ("CALLERID", "CONNECTEDLINE", "REDIRECTING"),
    "func_channel": ("CHANNEL",),
    "func_cut": ("CUT",),
    "func_db": ("DB", "DB_DELETE"),
    "func_devstate": ("DEVICE_STATE",),
    "func_global": ("GLOBAL", "SHARED"),
    "func_lock": ("LOCK", "UNLOCK"),
    "func_logic": ("IF",),
    "func_strings": ("FILTER", "REGEX", "STRFTIME"),
    "func_uri": ("URIENCODE",),
    "app_directed_pickup": ("PickupChan",),
    "app_playback": ("Playback",),
    "app_playtones": ("Playtones",),
    "func_config": ("AST_CONFIG",),
    "pbx_loopback": ("Loopback",),
    "res_musiconhold": ("StartMusicOnHold", "StopMusicOnHold"),
}
"""What the dialplan and the daemon call, by the module of Asterisk that brings it along: a new one is one line."""
ONLY_FOR_MAILBOXES = {"app_voicemail": ("VoiceMail", "VM_INFO")}
"""Without it a caller who is sent to a mailbox is told so, and the mailboxes are looked for by themselves."""
ONLY_FOR_SEVERAL = {"res_pjsip_header_funcs": ("PJSIP_HEADER",)}
"""What ties the two ends of a call together that goes from one PBX to another."""
FEATURES = "GLOBAL(HUNTGROUP_FEATURES)"
OF_CALLERS = {"T": "transfer", "K": "park"}
"""Options of Dial by which the caller, and not the operator, does something with the call."""
HOW_TO_LOAD = 'then `asterisk -rx "dialplan reload"`'
INBOUND = "huntgroup-inbound"
CODES_TRIED = (
    *(f"*{number}" for number in range(10)),
    *(f"*{number:02}" for number in range(100)),
    *(f"{sign}{number}5550100" for sign in "*#" for number in range(10)),
    *(f"#{number}" for number in range(10)),
    *(letter for letter in ascii_lowercase if letter not in "aehiostT"),
    *("operator", "conference", "test"),
)
"""What no caller may reach. Whatever begins with a digit or + is ours there: an included context that has such
extensions, too, is never asked for them."""


async def look(session: Session, telephony: Telephony, *, is_one_of_several: bool = False) -> AsyncIterator[Finding]:
    """All of it, as far as there is any."""
    asked = {f"DIALPLAN_EXISTS({each.context},{each.extension},1)": each for each in PLACES}
    found = await session.values(asked)
    if not any(found.values()):
        mend = '`asterisk -rx "module load func_dialplan.so"`'
        yield note("dialplan.loaded", "whether our dialplan is loaded cannot be told", "modules.conf", mend)
    else:
        missing = [place for question, place in asked.items() if found[question] != "1"]
        yield _loaded(missing)
        if len(missing) < len(PLACES):
            yield await _version(session)
            yield await _reach(session)
            yield await _features(session)
    yield await _modules(session, MODULES | ONLY_FOR_SEVERAL if is_one_of_several else MODULES)
    yield await _pickup(session, telephony)


def _loaded(missing: list[Place]) -> Finding:
    if len(missing) == len(PLACES):
        mend = f'`#include "huntgroup/*.conf"` with dialplan/*.conf in /etc/asterisk/huntgroup/, {HOW_TO_LOAD}'
        return failed("dialplan.loaded", "none of our dialplan is there", "extensions.conf", mend)
    if missing:
        files = sorted({each.file for each in missing})
        said = f"our dialplan is not whole, these contexts are not there: {listed(each.context for each in missing)}"
        mend = f"`cp {' '.join(f'dialplan/{file}' for file in files)} /etc/asterisk/huntgroup/`, {HOW_TO_LOAD}"
        return failed("dialplan.loaded", said, f"extensions.conf: {listed(files)}", mend)
    return fine("dialplan.loaded", f"all {len(PLACES)} contexts of our dialplan are loaded")


async def _version(session: Session) -> Finding:
    if await session.value(f"DIALPLAN_EXISTS(huntgroup-version,{VERSION},1)") == "1":
        return fine("dialplan.version", "the dialplan is the one that this daemon was made for")
    said = f"the dialplan is not the one that this daemon was made for, which is {VERSION}"
    mend = f"`cp dialplan/*.conf /etc/asterisk/huntgroup/` from the daemon's own version, {HOW_TO_LOAD}"
    return failed("dialplan.version", said, "extensions.conf: huntgroup-version.conf", mend)


async def _reach(session: Session) -> Finding:
    asked = {f"DIALPLAN_EXISTS({INBOUND},{code},1)": code for code in CODES_TRIED}
    found = await session.values(asked)
    open_to = [asked[question] for question, is_there in found.items() if is_there == "1"]
    if open_to:
        shown = listed(open_to[:5]) + (", …" if len(open_to) > 5 else "")
        mend = f'take the `include =>` below it away (`asterisk -rx "dialplan show {INBOUND}"` shows it), {HOW_TO_LOAD}'
        said = f"callers from outside can reach what is not ours: {shown}"
        return failed("dialplan.tight", said, f"extensions.conf: [{INBOUND}]", mend)
    return fine("dialplan.tight", "callers from outside reach nothing but our line")


async def _features(session: Session) -> Finding:
    """Whether what the house adds to Dial is for operators alone."""
    added = await session.value(FEATURES)
    found = [what for sign, what in OF_CALLERS.items() if sign in added.partition("(")[0]]
    if found:
        said = f"callers may {' and '.join(found)} their own call, and so reach numbers outside at your cost"
        safe = "".join(dict.fromkeys(added.lower()))
        mend = f"`HUNTGROUP_FEATURES={safe}`: small letters are for operators; {HOW_TO_LOAD}"
        return failed("dialplan.features", said, "extensions.conf: [globals]: HUNTGROUP_FEATURES", mend)
    return fine("dialplan.features", "callers use no feature codes")


async def _modules(session: Session, modules: Mapping[str, tuple[str, ...]]) -> Finding:
    asked = {f"IFMODULE({module}.so)": module for module in modules}
    found = await session.values(asked)
    if not any(found.values()):
        mend = '`asterisk -rx "module load func_module.so"`'
        return note("dialplan.modules", "which modules Asterisk has loaded cannot be told", "modules.conf", mend)
    missing = [asked[question] for question, is_loaded in found.items() if is_loaded != "1"]
    if missing:
        what = "; ".join(f"{module} ({listed(modules[module])})" for module in missing)
        load = ", ".join(f'`asterisk -rx "module load {module}.so"`' for module in missing)
        mend = f"{load}; and no `noload` of it in modules.conf"
        return failed("dialplan.modules", f"Asterisk has not loaded {what}", "modules.conf", mend)
    return fine("dialplan.modules", f"the {len(modules)} modules that our dialplan needs are loaded")


async def _pickup(session: Session, telephony: Telephony) -> Finding:
    """What is dialled as the PBX's own pickup code never reaches any dialplan (seen with chan_pjsip)."""
    own = await session.value("FEATURE(pickupexten)")
    ours = {
        "pickup_code": telephony.pickup_code,
        "login_code": telephony.login_code,
        "pause_code": telephony.pause_code,
    }
    clashes = [name for name, code in ours.items() if code == own]
    if clashes:
        said = f"{clashes[0]} is {own}, which the PBX keeps for its own pickup: it never reaches us"
        mend = f"another `{clashes[0]}`, or another `pickupexten` in features.conf, [general]"
        return failed("dialplan.codes", said, f"[telephony]: {clashes[0]}", mend)
    return fine("dialplan.codes", f"no code of ours is the PBX's own pickup code{f' ({own})' if own else ''}")
