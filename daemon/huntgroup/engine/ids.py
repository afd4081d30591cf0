"""Names of things. They come in with configuration and events; the engine never invents one but the attempt number."""

from typing import NewType

InquiryId = NewType("InquiryId", str)
"""The channel's own key for an inquiry; for a call ``call-<pbx>-<the caller channel's Uniqueid>``.

A call whose inquiry is over may come in again, as ``call-…-2``. What the PBX tells of, and what is ordered from it, is
named by the call, whichever of its inquiries it is about: see `huntgroup.engine.comings`.
"""
OperatorId = NewType("OperatorId", str)
GroupId = NewType("GroupId", str)
SourceId = NewType("SourceId", str)
"""Where an inquiry came in: a source's id, or the dialled number."""
RequestId = NewType("RequestId", str)
"""Whoever asks something of the engine names it so, and finds the answer by it."""
PbxId = NewType("PbxId", str)
PhoneId = NewType("PhoneId", str)
"""What Asterisk dials and reports states of, ``PJSIP/anna-desk``. Each PBX has names of its own: one of another than
the first is ``branch:PJSIP/anna-desk``."""
AttemptNo = NewType("AttemptNo", int)
"""Counts an inquiry's attempts from 1; the offers of one attempt are pending together."""
NO_ATTEMPT = AttemptNo(0)


def phone_at(pbx: PbxId | None, device: str) -> PhoneId:
    """The phone that a PBX calls so; None: the first one."""
    return PhoneId(device if pbx is None else f"{pbx}:{device}")
