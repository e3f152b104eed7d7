"""One call of a function in every region asked for, and whether the answers are alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import attempt, explain
from backendctl.aws.regions import each_region
from backendctl.comparing import Difference, decoded, differences
from backendctl.errors import BackendctlError, Exit
from backendctl.logs.lines import TRACE
from backendctl.resources.lambda_.calling import Answer, call
from backendctl.resources.lambda_.lambda_reads import aliases
from backendctl.warmth.report_line import Report, last_of
from backendctl.warmth.targets import hit_by_users

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.json_path import JsonPath
    from backendctl.spec.model import FunctionSpec

_BODY = "body"


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What the handler raised, or how it ended. stack: one frame each, as the runtime writes them."""

    type: str
    message: str
    stack: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Invoked:
    """What came of the call in one region.

    Attributes:
        alias: what was called; None is the function itself. version: that answered.
        said: the answer, as JSON where it is some.
        failure: None when the handler returned.
        report: Lambda's own; None where the log's end did not come with the answer.
        log: the last 4 KB of the call's log.
    """

    region: str
    alias: str | None
    version: str
    request_id: str
    trace_id: str
    said: Any
    failure: Failure | None
    report: Report | None
    log: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocations:
    """All of them. unreachable: regions where the function could not be called, and why."""

    function: str
    rows: tuple[Invoked, ...]
    differences: tuple[Difference, ...]
    unreachable: Mapping[str, BackendctlError]

    @property
    def exit_code(self) -> Exit:
        """An error of a handler before a silent region."""
        if any(row.failure is not None for row in self.rows):
            return Exit.ERROR
        if self.unreachable:
            return Exit.PARTIAL if self.rows else Exit.ERROR
        return Exit.OK


def invoke(
    backend: Backend,
    function: str,
    alias: str | None,
    event_in: Callable[[str, str], str],
    *,
    stage: str | None = None,
    ignore: Sequence[JsonPath] = (),
) -> Invocations:
    """Call the function in every region of the backend that was opened.

    Args:
        function: its name in the spec.
        alias: alias or version, "$LATEST" for the function itself; None is what users of the stage hit now.
        event_in: region and stage → JSON text.
        stage: whose users are meant; None is the first that is live.
        ignore: parts of the answers that may differ by region.
    """

    def work(region: str) -> Invoked:
        wanted = next((one for one in backend.spec.functions_in(region) if one.name == function), None)
        if wanted is None:
            raise BackendctlError(f"{region} has no function '{function}' by the spec")
        qualifier, through = _qualifier(backend, region, wanted, alias, stage)
        client = backend.aws.calling(region, timeout=wanted.timeout)
        answer = call(backend.aws, client, wanted.physical, qualifier=qualifier, payload=event_in(region, through))
        if answer.error is not None:
            raise _refused(backend, region, wanted, qualifier, answer.error)
        return _invoked(region, qualifier, answer)

    done, failed = each_region(backend.spec.regions, work, workers=backend.settings.workers, doing="invoke in")
    rows = tuple(done.values())
    well = {row.region: _compared(row.said) for row in rows if row.failure is None}
    found = differences(well, ignore) if len(well) > 1 else []
    return Invocations(function=function, rows=rows, differences=tuple(found), unreachable=failed)


def _qualifier(
    backend: Backend, region: str, function: FunctionSpec, alias: str | None, stage: str | None
) -> tuple[str | None, str]:
    """What to call, and the stage whose variables the event holds."""
    spec_stages = [one.name for one in backend.spec.api.stages] if backend.spec.api is not None else []
    through = stage or (spec_stages[0] if spec_stages else "")
    if alias is not None:
        return (None if alias == "$LATEST" else alias), through
    hits = [hit for hit in hit_by_users(backend.aws, backend.context, region, function) if not hit.is_canary]
    if stage is not None:
        hits = [hit for hit in hits if hit.stage == stage]
    if not hits:
        told = (
            f"no live stage leads to {function.name} in {region}"
            if stage is None
            else (f"stage {stage} does not lead to {function.name} in {region}")
        )
        raise BackendctlError(told, hint=f"deploy it first, or name an alias: backendctl invoke {function.name}:ALIAS")
    return hits[0].qualifier, hits[0].stage or through


def _refused(
    backend: Backend, region: str, function: FunctionSpec, qualifier: str | None, error: Exception
) -> BackendctlError:
    told = explain(error, doing=f"invoke {region}/{function.name}:{qualifier or '$LATEST'}")
    if qualifier is not None and getattr(told, "code", "") == "ResourceNotFoundException":
        known = attempt(lambda: aliases(backend.aws, region, function.physical), doing="list aliases")
        if isinstance(known, BackendctlError):  # the first error tells more
            return told
        told.hint = f"its aliases are {', '.join(known)}" if known else "deploy it first"
    return told


def _invoked(region: str, qualifier: str | None, answer: Answer) -> Invoked:
    report, traced = last_of(answer.tail), TRACE.search(answer.tail.rpartition("XRAY TraceId")[2])
    said = decoded(answer.said)
    return Invoked(
        region=region,
        alias=qualifier,
        version=answer.version,
        request_id=report.request_id if report is not None else answer.request_id,
        trace_id=traced[0] if traced else answer.trace_id,
        said=None if answer.fault else said,
        failure=_failure(said, answer.fault) if answer.fault else None,
        report=report,
        log=answer.tail,
    )


def _failure(said: Any, fault: str) -> Failure:
    """From the document that a runtime answers in place of a result."""
    document = said if isinstance(said, dict) else {}
    stack = document.get("stackTrace") or document.get("trace") or []
    lines = stack if isinstance(stack, list) else str(stack).splitlines()
    return Failure(
        type=str(document.get("errorType") or fault),
        message=str(document.get("errorMessage") or (said if isinstance(said, str) else "")),
        stack=tuple(line.rstrip("\n") for one in lines for line in str(one).splitlines()),
    )


def _compared(said: Any) -> Any:
    """An answer to API Gateway with its body as the JSON that callers see."""
    if isinstance(said, dict) and isinstance(said.get(_BODY), str) and "statusCode" in said:
        return {**said, _BODY: decoded(said[_BODY])}
    return said
