"""The API in one region: edits that nobody deployed, and who may call its functions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.aws.crew import together
from backendctl.doctor.finding import Finding, Severity
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias_names import qualified
from backendctl.resources.lambda_.permission import shared_policy

if TYPE_CHECKING:
    from backendctl.doctor.case import Case


def undeployed(case: Case, region: str) -> Iterator[Finding]:
    """What the API holds and no stage serves."""
    look = case.changes.look
    review = None if look is None else look.reviews.get(region)
    api = case.spec.api
    if review is None or api is None:
        return
    where = f"{region}/rest-api/{api.name}"
    if review.unknown:
        yield Finding(
            check="undeployed-edits",
            severity=Severity.UNKNOWN,
            where=where,
            what=f"whether there are edits that nobody deployed: {review.unknown}",
            why="the next deployment takes them along",
            next_step=f"backendctl sync-api --check -r {region}",
        )
    if review.edited:
        count = "an edit" if len(review.edited) == 1 else f"{len(review.edited)} edits"
        yield Finding(
            check="undeployed-edits",
            severity=Severity.WARNING,
            where=where,
            what=f"{count} that nobody deployed: {', '.join(str(one.path) for one in review.edited[:3])}",
            why="whoever deploys next puts them before callers without knowing",
            next_step=f"backendctl sync-api --check -r {region}",
        )


def open_functions(case: Case, region: str) -> Iterator[Finding]:
    """Statements that let anybody call, or a service for whatever account."""
    named = [
        (function, qualifier)
        for function, _ in case.live(region)
        for qualifier in (None, *lambda_reads.aliases(case.aws, region, function.physical))
    ]
    policies = together(
        partial(shared_policy, case.aws, region, function.physical, qualifier) for function, qualifier in named
    )
    for (function, qualifier), policy in zip(named, policies, strict=True):
        for sid, statement in policy.items():
            if (who := _anybody(statement)) is not None:
                yield Finding(
                    check="permissions",
                    severity=Severity.BAD if who == "*" else Severity.WARNING,
                    where=f"{region}/permission/{qualified(function.name, qualifier)}",
                    what=f"the statement {sid} lets {'anybody' if who == '*' else who} call it for any account",
                    why="others may run it at your cost, with the rights of its role",
                    next_step=_removing(region, function.physical, qualifier, sid),
                )


def _anybody(statement: dict[str, Any]) -> str | None:
    """`*`, or the service that is let in from everywhere; None when a condition says from where."""
    if statement.get("Effect") != "Allow" or statement.get("Condition"):
        return None
    principal = statement.get("Principal")
    if principal == "*" or (isinstance(principal, dict) and principal.get("AWS") == "*"):
        return "*"
    return str(principal["Service"]) if isinstance(principal, dict) and "Service" in principal else None


def _removing(region: str, physical: str, qualifier: str | None, sid: str) -> str:
    named = f"--function-name {physical}" + (f" --qualifier {qualifier}" if qualifier else "")
    return f"aws lambda remove-permission --region {region} {named} --statement-id {sid}, then backendctl grant"
