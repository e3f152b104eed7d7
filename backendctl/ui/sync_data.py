"""A sync for programs and for pull requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backendctl.api.smoke_test import SmokeTest
from backendctl.engine.safety import Refusal
from backendctl.sync.prepare import Sync
from backendctl.ui.api_diff import diff_data, diff_markdown
from backendctl.ui.plan_data import plan_document, plan_markdown


def sync_document(
    sync: Sync,
    refusal: Refusal,
    *,
    statuses: Mapping[str, str] | None = None,
    smoke_test: SmokeTest | None = None,
    backups: Sequence[object] = (),
) -> dict[str, Any]:
    """The JSON document of `sync-api`: the same keys for ever.

    Args:
        refusal: why it is refused.
        statuses: address → "done", "failed" or "skipped"; None when nothing was applied.
    """
    return {
        **plan_document(sync.plan, statuses, refusal=refusal),
        "api": sync.api.name,
        "source": sync.source.told,
        "definition": sync.digest,
        "in_sync": sync.in_sync,
        "regions": {region: _region(sync, region) for region in sync.regions},
        "source_edited": diff_data(sync.origin.edited if sync.origin else ())["differences"],
        "smoke_test": None if smoke_test is None else smoke_test_data(smoke_test),
        "backups": [str(path) for path in backups],
    }


def _region(sync: Sync, region: str) -> dict[str, Any]:
    found = sync.reviews.get(region)
    error = sync.plan.unreachable.get(region)
    if found is None or error is not None:
        return {"api_id": None, "error": str(error), "stages": {}, "edited": [], "edited_unknown": None}
    return {
        "api_id": found.api_id,
        "error": None,
        "stages": {
            stage.stage: {"exists": stage.exists, "same": stage.same, **diff_data(stage.differences)}
            for stage in found.stages
        },
        "edited": diff_data(found.edited)["differences"],
        "edited_unknown": found.unknown or None,
    }


def smoke_test_data(smoke_test: SmokeTest) -> dict[str, Any]:
    """The answers, and whether they are well."""
    return {
        "passed": smoke_test.passed,
        "requests": [
            {
                "stage": row.stage,
                "method": row.request.method,
                "path": row.request.path,
                "statuses": {region: answer.status for region, answer in row.answers.items()},
                "wrong": row.verdict or None,
            }
            for row in smoke_test.rows
        ],
    }


def sync_markdown(
    sync: Sync, refusal: Refusal, *, statuses: Mapping[str, str] | None = None, smoke_test: SmokeTest | None = None
) -> str:
    """For a pull request: what differs where, then the plan, then the smoke test."""
    lines = [f"## {sync.api.name}: definition `{sync.digest}` from `{sync.source.told}`", ""]
    lines += [f"- refused: {line}" for line in sync.refusals]
    for region in sync.regions:
        found = sync.reviews.get(region)
        if found is None or region in sync.plan.unreachable:
            lines += [f"### {region}: cannot be read", ""]
            continue
        for stage in found.stages:
            if not stage.exists:
                lines += [f"### {region}/{stage.stage}: not there yet", ""]
            else:
                lines += [diff_markdown(stage.differences, title=f"{region}/{stage.stage}"), ""]
        if found.edited:
            lines += [diff_markdown(found.edited, title=f"{region}: edited and never deployed"), ""]
    if sync.origin is not None and sync.origin.edited:
        lines += [diff_markdown(sync.origin.edited, title=f"{sync.source.told}: edited and never deployed"), ""]
    lines.append(plan_markdown(sync.plan, statuses, refusal=refusal))
    if smoke_test is not None and smoke_test.rows:
        lines += ["", _smoke_test_markdown(smoke_test)]
    return "\n".join(lines)


def _smoke_test_markdown(smoke_test: SmokeTest) -> str:
    lines = [f"| request | {' | '.join(smoke_test.regions)} | |", f"|---|{'---|' * len(smoke_test.regions)}---|"]
    for row in smoke_test.rows:
        cells = " | ".join(str(row.answers.get(region, "-")) for region in smoke_test.regions)
        lines.append(f"| {row.request.route} | {cells} | {row.verdict or 'ok'} |")
    return "\n".join(lines)
