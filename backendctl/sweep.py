"""After a destroy: what is left in every service we write to, and why; from marks, tags and names, asked anew.

Three looks, each on its own, because each alone can miss something: the kinds' own search for what carries our mark,
AWS's index of tags, and the names that only we give.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.app import plan_destroy
from backendctl.aws import tag_index
from backendctl.aws import tags as tagging
from backendctl.aws.errors import explain
from backendctl.aws.regions import in_parallel
from backendctl.aws.wait import settle
from backendctl.backend import Backend
from backendctl.engine.resource import GLOBAL
from backendctl.errors import BugError
from backendctl.resources import leftover_reads
from backendctl.resources.dynamodb.replica import Replica
from backendctl.resources.dynamodb.table import Table
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.lambda_code import bucket_of
from backendctl.resources.ssm import region_index
from backendctl.resources.ssm.release_parameters import ReleaseLog

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.plan import Plan

_LOOKS = 6
"""Looks at what has just been deleted: AWS's lists are behind for some seconds."""
_TAGGED = re.compile(r"^arn:[^:]+:(?P<service>[^:]+):[^:]*:[^:]*:/?(?P<kind>[^:/]+)[:/]?(?P<name>.*)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """One thing that is still there, or one look that was not possible.

    Attributes:
        region: or "global". what: address without its region, or ARN. why: one clause.
        failed: whether it should have gone, or nobody knows.
    """

    region: str
    what: str
    why: str
    failed: bool = False

    def data(self) -> dict[str, object]:
        """As JSON, the same keys for ever."""
        return {"region": self.region, "what": self.what, "why": self.why, "failed": self.failed}


def sweep(backend: Backend, plan: Plan, *, chosen: bool) -> tuple[Left, ...]:
    """What is left after this plan has been carried out, sorted.

    Args:
        plan: of the destroy. chosen: whether the user had only a part of it deleted (--only, --skip, --region).

    Raises:
        BackendctlError: no region at all could be read.
    """
    gone = {change.address for change in plan.changes}
    found = list(_marked(backend, plan.regions, gone, chosen=chosen))
    known = {f"{left.region}/{left.what}" for left in found}
    for each in in_parallel(
        plan.regions, lambda region: _in_region(backend, region, known), workers=backend.settings.workers
    ):
        found += each
    found += _told(GLOBAL, "the shared role", lambda: _shared_role(backend.aws))
    return tuple(sorted(found, key=lambda left: (not left.failed, left.region, left.what)))


def _marked(backend: Backend, regions: tuple[str, ...], gone: set[str], *, chosen: bool) -> Iterator[Left]:
    """By the search that a destroy makes; what has just been deleted is given some time to leave AWS's lists."""
    for look in range(_LOOKS):
        backend.aws.forget()
        again = plan_destroy(backend, regions=regions)
        if look == _LOOKS - 1 or not any(change.address in gone for change in again.changes):
            break
        settle(backend.aws, "AWS to forget what was deleted")
    for region, error in again.unreachable.items():
        yield Left(region=region, what="everything", why=f"could not be read: {error.message}", failed=True)
    for change in again.changes:
        what = f"{change.kind}/{change.name}"
        if change.address in gone:
            yield Left(region=change.region, what=what, why="was deleted, and is there again or still", failed=True)
        elif chosen:
            yield Left(region=change.region, what=what, why="ours; not chosen by --only, --skip or --region")
        else:
            yield Left(region=change.region, what=what, why="ours; it was not there before", failed=True)


def _in_region(backend: Backend, region: str, known: set[str]) -> list[Left]:
    aws = backend.aws
    looks: dict[str, Callable[[], Iterable[Left]]] = {
        "tags": lambda: _tagged(backend, region, known),
        "names": lambda: _named(aws, region),
        "archives": lambda: _archives(backend, region),
        "parameters": lambda: _parameters(aws, region, known),
    }
    return [left for what, look in looks.items() for left in _told(region, what, look)]


def _told(region: str, what: str, look: Callable[[], Iterable[Left]]) -> list[Left]:
    """A look; where AWS does not let us, that is said, for nothing is proven then."""
    try:
        return list(look())
    except Exception as error:  # one look's failure is that look's; a bug keeps its trace
        told = explain(error, doing=f"look for what is left in {region}")
        if isinstance(told, BugError):
            raise told from error
        return [Left(region=region, what=what, why=f"not looked at: {told.message}", failed=True)]


def _tagged(backend: Backend, region: str, known: set[str]) -> Iterator[Left]:
    """What AWS's index of tags names, and is there: the index is behind, so each is looked for."""
    aws, chosen = backend.aws, {entry.partition("/")[2].partition("/")[0] for entry in known}
    for arn in tag_index.marked(aws, region):
        parts = _TAGGED.match(arn)
        if parts is None or not leftover_reads.is_there(aws, region, parts["service"], parts["kind"], parts["name"]):
            continue
        if parts["service"] == "logs" and parts["name"].startswith(f"/aws/lambda/{aws.backend}-"):
            continue  # told by name, below
        if parts["service"] == "logs":
            yield Left(region=region, what=arn, why="logs are kept; aws logs delete-log-group removes it")
        elif parts["kind"] in {"usageplans", "apikeys"}:
            yield Left(region=region, what=arn, why="callers' keys and their plans are kept")
        elif parts["kind"] == "table" and not {Table.kind, Replica.kind} & chosen:
            yield Left(
                region=region,
                what=arn,
                why="ours by its tag, and not named by the spec: put it under tables:, and destroy again",
                failed=True,
            )
        elif parts["kind"] == "function" and Function.kind not in chosen:
            yield Left(
                region=region,
                what=arn,
                why="ours by its tag, and not named by the spec: put it under functions:, and destroy again",
                failed=True,
            )


def _named(aws: Aws, region: str) -> Iterator[Left]:
    """What is called as ours are, and carries no mark at all; what carries another backend's is that one's."""
    for what, tags in leftover_reads.named(aws, region):
        owner = tagging.owner_of(tags)
        if owner == aws.backend and what.startswith("log-group/"):
            yield Left(region=region, what=what, why=f"logs are kept; --allow-delete {what} deletes them")
        elif owner is None:
            why = (
                "not marked: Lambda made it, or somebody else"
                if what.startswith("log-group/")
                else "not marked as ours"
            )
            yield Left(region=region, what=what, why=f"{why}; kept")


def _archives(backend: Backend, region: str) -> Iterator[Left]:
    functions = backend.spec.functions.get(region, ())
    for bucket in sorted({bucket for one in functions if (bucket := bucket_of(one.code, region))}):
        prefix = f"{backend.spec.backend}/"
        if backend.aws.s3(region).list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("KeyCount"):
            why = f"archives of functions, kept; aws s3 rm --recursive s3://{bucket}/{prefix} removes them"
            yield Left(region=region, what=f"s3://{bucket}/{prefix}", why=why)


def _parameters(aws: Aws, region: str, known: set[str]) -> Iterator[Left]:
    """Everything under our path that no kind knows."""
    kept = {entry.partition("/")[2].partition("/")[0] for entry in known if entry.startswith(f"{region}/")}
    for name in leftover_reads.parameters(aws, region):
        kind = ReleaseLog.kind if "/releases/" in name or "/release-log/" in name else region_index.RegionIndex.kind
        if kind not in kept:
            yield Left(region=region, what=name, why="under our path, and nothing of ours reads it", failed=True)


def _shared_role(aws: Aws) -> Iterator[Left]:
    if leftover_reads.has_log_role(aws):
        yield Left(
            region=GLOBAL, what="role/backendctl-apigateway-logs", why="every API of the account logs by it; kept"
        )


def failed(found: Sequence[Left]) -> bool:
    """Whether something is left that should have gone, or may be."""
    return any(left.failed for left in found)
