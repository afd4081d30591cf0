"""Findings on a screen, or for programs."""

from rich.console import Console
from rich.text import Text

from huntgroup.doctor.findings import Finding, Outcome
from huntgroup.plain import as_json, plain

COLOURS = {Outcome.OK: "green", Outcome.NOTE: "yellow", Outcome.FAILED: "bold red"}
WORDS = max(len(each) for each in Outcome)


class Report:
    """Shows each finding when it comes, and counts."""

    def __init__(self, console: Console, *, as_json: bool) -> None:
        self._console = console
        self._as_json = as_json
        self._counts = dict.fromkeys(Outcome, 0)

    @property
    def has_failed(self) -> bool:
        """Whether anything has."""
        return self._counts[Outcome.FAILED] > 0

    def show(self, finding: Finding) -> None:
        """One line, and two more for what is not fine. What stands in it may come from anywhere: it is only text."""
        self._counts[finding.outcome] += 1
        if self._as_json:
            self._print(Text(as_json(finding.as_data())))
            return
        colour = COLOURS[finding.outcome]
        self._print(Text.assemble((f"{finding.outcome:<{WORDS}}", colour), f"  {plain(finding.said)}"))
        for title, text in (("where", finding.where), ("mend", finding.mend)):
            if text:
                self._print(Text(f"{'':{WORDS}}  {title:<5}  {plain(text)}"))

    def end(self) -> None:
        """What it comes to."""
        if not self._as_json:
            counts = self._counts
            self._print(
                Text(f"{counts[Outcome.OK]} ok, {counts[Outcome.NOTE]} to note, {counts[Outcome.FAILED]} failed")
            )

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
