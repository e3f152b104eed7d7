"""What an API had before it is overwritten, kept on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_reads import stages
from backendctl.resources.apigateway.rest_api import RestApi

if TYPE_CHECKING:
    from backendctl.api.review import RegionReview
    from backendctl.aws.connection import Aws
    from backendctl.engine.plan import Plan


def keep(aws: Aws, plan: Plan, reviews: Mapping[str, RegionReview], *, folder: Path, time: str) -> tuple[Path, ...]:
    """Write down every API that the plan puts: its export, its stages, and what was edited and never deployed.

    An export is what AWS takes back: `aws apigateway put-rest-api --mode overwrite --body fileb://…`.

    Args:
        time: of this run, UTC, ISO 8601; begins the names.

    Returns:
        The files written; none where nothing is overwritten.
    """
    written: list[Path] = []
    for change in plan.changes:
        review = reviews.get(change.region)
        if change.kind != RestApi.kind or change.desired is None or review is None or review.api_id is None:
            continue
        base = f"{time.replace(':', '')}-{change.region}-{review.api_id}"
        for stage, body in (review.exports or {}).items():
            written.append(_write(folder / f"{base}-{stage}.json", body))
        found = stages(aws, change.region, review.api_id)
        written.append(_write(folder / f"{base}-stages.json", _text(found)))
        if review.edited and review.working_copy is not None:
            written.append(_write(folder / f"{base}-undeployed.json", _text(review.working_copy)))
    return tuple(written)


def _text(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=2, default=str, ensure_ascii=False).encode()


def _write(path: Path, body: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # a definition may tell more than its owner likes
        path.write_bytes(body)
    except OSError as error:
        message = (
            f"the copy {path} of what is overwritten cannot be written: {error.strerror}; nothing has been changed"
        )
        raise BackendctlError(message, hint="name another folder with --backup-dir") from error
    return path
