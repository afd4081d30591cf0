"""`huntgroup doctor` as a process of its own, beside a daemon that runs or does not."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass

from tests.lab.daemon import SECRET_VARIABLE, Daemon


@dataclass(frozen=True, slots=True)
class Exam:
    """What it found: each finding as ``--json`` gives it."""

    status: int
    findings: list[dict[str, str]]

    def of(self, check: str) -> dict[str, str]:
        """The first finding of that check; AssertionError with all of them when there is none."""
        for finding in self.findings:
            if finding["check"] == check:
                return finding
        raise AssertionError(f"no finding of {check}: {self.findings}")

    def failed(self, check: str) -> dict[str, str]:
        """The same, which must have failed: and with it the exam."""
        finding = next((each for each in self.findings if each["check"] == check and each["outcome"] == "failed"), None)
        assert finding is not None, self.findings
        assert self.status == 1
        return finding

    @property
    def troubles(self) -> list[dict[str, str]]:
        """All that is not fine."""
        return [each for each in self.findings if each["outcome"] != "ok"]


async def examine(daemon: Daemon, *arguments: str, secret: str | None = None) -> Exam:
    """Run it by the daemon's configuration."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "huntgroup", "doctor", "--json", "--config", str(daemon.config), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **daemon.environment, SECRET_VARIABLE: daemon.secret if secret is None else secret},
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    assert err == b"", err.decode()
    return Exam(process.returncode, [json.loads(line) for line in out.decode().splitlines()])
