"""The trunks from one PBX to the others: does it know them, is anybody at their other end, and does their context
read our header without carrying out what stands in it.
"""

import re
from collections.abc import AsyncIterator

from huntgroup.doctor.findings import Finding, failed, fine, note
from huntgroup.doctor.session import Session

LINES_MOST = 30
"""Lines of each kind that are looked through in a trunk's context: one that tells our calls has two."""
IN_AN_EXPRESSION = re.compile(r"\$\[(?:(?!FILTER\(|EXISTS\(|LEN\(|\?).)*\$\{(?:PJSIP|SIP)_HEADERS?\(")
"""A header within `$[…]` as it came. Asterisk calls the functions that such a text names (seen on 16.28 and 22.10)."""
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
        if state != UNKNOWN:
            async for finding in _context(session, device.partition("/")[2]):
                yield finding


async def _context(session: Session, endpoint: str) -> AsyncIterator[Finding]:
    """Whether the context that such calls come to calculates with a header."""
    context = await session.value(f"PJSIP_ENDPOINT({endpoint},context)")
    asked = [
        f"AST_CONFIG(extensions.conf,{context},{key},{index})"
        for key in ("exten", "same")
        for index in range(LINES_MOST)
    ]
    lines = (await session.values(asked)).values() if context else ()
    if any(IN_AN_EXPRESSION.search(line) for line in lines):
        said = f"whoever calls over {endpoint} can run commands on the PBX: a header reaches an expression as it came"
        mend = (
            "`GotoIf(${EXISTS(${PJSIP_HEADER(read,X-Huntgroup)})}?huntgroup-across,${EXTEN},1)`, as in "
            'docs/several-pbxs.md, then `asterisk -rx "dialplan reload"`'
        )
        yield failed("trunks.header", said, f"extensions.conf: [{context}]", mend)
