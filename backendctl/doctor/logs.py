"""Log groups that keep everything for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backendctl.doctor.finding import Finding, Severity
from backendctl.logs.sources import Kind, Wanted, find
from backendctl.resources.lambda_.log_group import described

if TYPE_CHECKING:
    from backendctl.doctor.case import Case

DAYS = 30
"""Of the retention that is proposed. Not for `--fix`: with it CloudWatch deletes what is older."""


def retention(case: Case, region: str) -> Iterator[Finding]:
    """Of functions, and of the API's stages."""
    found = find(case.within(region), Wanted(functions=(), api=case.spec.api is not None, canary=False))
    for error in found.unreachable.values():
        raise error
    stages = {source.group: source.name for source in found.sources if source.kind is not Kind.FUNCTION}
    for group in dict.fromkeys(source.group for source in found.sources if source.region == region):
        live = described(case.aws, region, group)
        if live is not None and live.get("retentionInDays") is None:
            yield Finding(
                check="log-retention",
                severity=Severity.WARNING,
                where=f"{region}/log-group/{group}",
                what="it keeps its lines for ever",
                why="it costs more every month, and personal data in it is never deleted",
                next_step=f"write `retention: {DAYS} days` under `logging` of the stage {stages[group]}, "
                "then backendctl deploy"
                if group in stages
                else f"aws logs put-retention-policy --region {region} --log-group-name {group} "
                f"--retention-in-days {DAYS}",
            )
