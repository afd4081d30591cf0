"""The trunks from one PBX to the others: does it know them, and is there anybody at their other end."""

from collections.abc import AsyncIterator

from huntgroup.doctor.findings import Finding, failed, fine, note
from huntgroup.doctor.session import Session

UNKNOWN, AWAY = "INVALID", "UNAVAILABLE"


async def look(session: Session) -> AsyncIterator[Finding]:
    """Each of them. A trunk that is not qualified is there for all that anybody knows."""
    trunks = {pbx: f"PJSIP/{way.partition('@')[2]}" for pbx, way in session.pbx.trunks.items()}
    found = await session.values(f"DEVICE_STATE({device})" for device in trunks.values())
    for pbx, device in trunks.items():
        state, where = found[f"DEVICE_STATE({device})"], f"[[pbx]] {session.pbx.id}: trunks.{pbx}"
        if state == UNKNOWN:
            name = device.partition("/")[2]
            mend = f"name the endpoint as the PBX does, or add [{name}] to pjsip.conf: docs/several-pbxs.md has it"
            yield failed("trunks.known", f"the PBX knows no {device}, by which {pbx} is to be reached", where, mend)
        elif state == AWAY:
            mend = f'see whether {pbx} runs, and `asterisk -rx "pjsip show aors"`'
            yield note(
                "trunks.reached", f"nobody answers at the other end of {device}: {pbx} is not reached", where, mend
            )
        else:
            yield fine("trunks.known", f"{device} leads to {pbx}")
