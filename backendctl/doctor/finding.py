"""What checks find, and what follows for the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from backendctl.errors import BackendctlError, Exit


class Severity(StrEnum):
    """How bad it is, the worst first; `unknown` is what could not be looked at."""

    BAD = "bad"
    WARNING = "warning"
    UNKNOWN = "unknown"
    ADVICE = "advice"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing.

    Attributes:
        check: which check found it. where: an address such as us-east-1/function/places, or what else is meant.
        what: what is so, and why: why it matters; a sentence each, without a full stop.
        next_step: a command line, or what to write into the spec.
        snippet: code to copy; empty for most.
        fixable: whether `--fix` mends it.
    """

    check: str
    severity: Severity
    where: str
    what: str
    why: str
    next_step: str
    snippet: str = ""
    fixable: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """Everything that was found.

    Attributes:
        findings: the worst first. unreachable: regions that did not answer, and what they said.
        looked: names of the checks that were made.
    """

    backend: str
    regions: tuple[str, ...]
    findings: tuple[Finding, ...]
    looked: tuple[str, ...]
    unreachable: Mapping[str, BackendctlError] = field(default_factory=dict)

    @property
    def exit_code(self) -> Exit:
        """As of every verb that judges: proven bad, then a silent region, then what cannot be told."""
        found = {one.severity for one in self.findings}
        if Severity.BAD in found:
            return Exit.FAILED_VERDICT
        if self.unreachable:
            return Exit.PARTIAL
        return Exit.INCONCLUSIVE if Severity.UNKNOWN in found else Exit.OK
