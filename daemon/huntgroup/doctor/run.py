"""What the command does: the exam, or a test call; an exit status."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import structlog
from rich.console import Console

from huntgroup.doctor.exam import examine
from huntgroup.doctor.findings import Finding
from huntgroup.doctor.report import Report
from huntgroup.doctor.wish import Wish


def doctor(path: Path, *, as_json: bool) -> bool:
    """Try everything and show it; whether nothing failed."""
    return show(examine(path), as_json=as_json)


def show(findings: AsyncIterator[Finding], *, as_json: bool) -> bool:
    """Show each finding as it comes; whether nothing failed."""
    report = Report(Console(), as_json=as_json)
    with _quiet():
        asyncio.run(_show(findings, report))
    report.end()
    return not report.has_failed


def test_call(path: Path, wish: Wish, *, as_json: bool) -> bool:
    """Place the call and show its steps; whether a phone rang. ModuleNotFoundError without the extra `doctor`."""
    from huntgroup.doctor.testcall import place  # noqa: PLC0415 - its SIP is an extra

    return show(place(path, wish), as_json=as_json)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What the adapters would log is told as a finding."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


async def _show(findings: AsyncIterator[Finding], report: Report) -> None:
    async for finding in findings:
        report.show(finding)
