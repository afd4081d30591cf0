"""What the dialplan of one PBX is to know of us while we are away, or before we are asked: lists, phones and codes."""

import structlog

from huntgroup.adapters.ami import across, callbacks, codes, fallback, lamps, published
from huntgroup.adapters.ami.asking import Asking
from huntgroup.adapters.ami.directory import Directory
from huntgroup.engine.ids import PbxId
from huntgroup.engine.policy import Policy

log = structlog.get_logger(__name__)


class Publishing:
    """Writes it into the PBX's global variables, and takes away what no longer holds of what it wrote."""

    def __init__(self, pbx: PbxId, asking: Asking, of: codes.Codes) -> None:
        self._pbx = pbx
        self._asking = asking
        self._codes = of
        self._told = published.Names()
        """Also what a PBX has forgotten since, by a restart, and its dialplan has copies of."""

    async def publish(self, policy: Policy, directory: Directory) -> None:
        """As things are now. Raises PeerError when the PBX refuses any of it."""
        numbers = fallback.written(policy, directory)
        phones = across.phones_by_extension(policy, self._pbx)
        meanings = self._codes.meanings
        now = published.Names(*map(frozenset, (numbers, phones, meanings, lamps.extensions(policy))))
        before = await published.read(self._asking)
        both = before.with_those(now)
        if both != before:  # first of all: whatever comes in between, nothing is told that cannot be taken back
            await self._asking.done(published.write(both))
        gone = before.with_those(self._told).without(now)
        await self._asking.done([*fallback.publish(policy, numbers, directory), *fallback.withdraw(gone.lists)])
        await self._asking.done(across.publish(phones, gone.phones))
        await self._asking.done([*codes.publish(meanings), *codes.withdraw(sorted(gone.codes))])
        await self._asking.done(lamps.withdraw(gone.lamps))
        if both != now:
            await self._asking.done(published.write(now))
        self._told = now

    async def check_privileges(self, policy: Policy) -> None:
        """Say aloud, before any customer waits for it in vain, that the AMI user may not call them back."""
        if callbacks.are_needed(policy) and "originate" not in await self._asking.one(callbacks.allowed_action()):
            log.error("pbx.cannot_call_back", pbx=self._pbx, hint=callbacks.PRIVILEGE)
