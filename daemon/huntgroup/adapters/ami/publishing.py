"""What the dialplan of one PBX is to know of us while we are away, or before we are asked: lists, phones and codes."""

from collections.abc import Mapping

import structlog

from huntgroup.adapters.ami import across, callbacks, codes, fallback
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
        self._lists: frozenset[str] = frozenset()
        self._meanings: tuple[str, ...] = ()
        self._phones: Mapping[str, str] = {}

    async def publish(self, policy: Policy, directory: Directory) -> None:
        """As things are now. Raises PeerError when the PBX refuses any of it."""
        written = fallback.written(policy, directory)
        gone = self._lists.difference(written)
        await self._asking.done([*fallback.publish(policy, written, directory), *fallback.withdraw(gone)])
        self._lists = frozenset(written)
        phones = across.phones_by_extension(policy, self._pbx)
        await self._asking.done(across.publish(phones, [each for each in self._phones if each not in phones]))
        self._phones = phones
        meanings = self._codes.meanings
        no_longer = [each for each in self._meanings if each not in meanings]
        await self._asking.done([*codes.publish(meanings), *codes.withdraw(no_longer)])
        self._meanings = tuple(meanings)

    async def check_privileges(self, policy: Policy) -> None:
        """Say aloud, before any customer waits for it in vain, that the AMI user may not call them back."""
        if callbacks.are_needed(policy) and "originate" not in await self._asking.one(callbacks.allowed_action()):
            log.error("pbx.cannot_call_back", pbx=self._pbx, hint=callbacks.PRIVILEGE)
