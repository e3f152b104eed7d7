"""Runs functions in the sandbox's own execution environments, in the place of what the emulated Lambda would do."""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import invocation, lambda_logs
from backendctl.sandbox.admission import Admission
from backendctl.sandbox.corrections import function_records
from backendctl.sandbox.environment import Outcome
from backendctl.sandbox.environments import Place
from backendctl.sandbox.ministack_names import read, replace
from backendctl.sandbox.runtimes.choice import NOT_SUPPORTED, not_supported, why_not
from backendctl.sandbox.talk import Asked
from backendctl.sandbox.telemetry import caller
from backendctl.sandbox.xray import function_segments, upstream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.environments import Environments
    from backendctl.sandbox.telemetry import Telemetry


@dataclass(frozen=True, kw_only=True, slots=True)
class Executor:
    """Takes calls of functions out of the emulated Lambda's hands, in the thread it makes for each."""

    environments: Environments
    telemetry: Telemetry
    admission: Admission = field(default_factory=Admission)

    def install(self, service: Any) -> None:
        """Put this in the place of the module's own way to run functions, to log and to count."""
        acquire, release = (read(service, name) for name in ("_acquire_execution_slot", "_release_execution_slot"))

        def counting(func: dict[str, Any], config: dict[str, Any]) -> Any:
            del func  # whose own limits are looked at here, for the record of a version does not have them
            place, version = (service.get_region(), config["FunctionName"]), config.get("Version", "$LATEST")
            is_free = self.admission.admit(place, version, function_records.concurrency(place))
            slot, limit = (
                acquire({}, {**config, "ReservedConcurrentExecutions": None}) if is_free else (None, "function")
            )
            if is_free and slot is None:
                self.admission.leave(place, version)
            self._admitted(service, config, throttled=slot is None)
            return (None if slot is None else (slot, place, version)), limit

        def leaving(held: Any) -> None:
            if held is not None:
                slot, place, version = held
                self.admission.leave(place, version)
                release(slot)

        def run(func: dict[str, Any], config: Any, event: Any, request_id: str, _started: float) -> dict[str, Any]:
            del config  # it is the function's own
            return self._run(service, func, event, invocation.request_id() or request_id)

        def forget(name: str, qualifier: str | None = None, account: str | None = None, region: str = "") -> None:
            del account
            where = region or service.get_region()
            self.environments.discard(region=where, function=name, version=qualifier)

        replace(service, "_acquire_execution_slot", counting)
        replace(service, "_release_execution_slot", leaving)
        replace(service, "_throttle_response", _throttled)
        replace(service, "_emit_lambda_metrics", _ignore)  # it counts what was throttled, and twice
        replace(service, "_execute_function_dispatch", run)  # whatever the runtime: it would look for Docker
        service.invalidate_worker = forget
        replace(service, "_snapstart_provision_version_async", self._snapshot)  # it would start workers of its own

    def provision(self, region: str, config: Mapping[str, Any], code: bytes, count: int) -> str | None:
        """Have environments of a version ready ahead of calls; AWS's word for why not, if they cannot be."""
        if self._why_not(config) is not None:
            return None  # it is told where the function is read, and in every call
        layers = function_records.layers(config)
        failure = self.environments.provision(Place.of(config, region=region), config, code, count, layers)
        if failure is None or (failure.outcome.error or {}).get("errorType") == NOT_SUPPORTED:
            return None
        lines = lambda_logs.failed_init(config, failure.outcome)
        self.telemetry.logged(region=region, group=lambda_logs.group_of(config), stream=failure.stream, lines=lines)
        return "FUNCTION_ERROR_INIT_FAILURE"

    def _snapshot(self, name: str, version: dict[str, Any]) -> None:
        """Load a version once when it is published, as SnapStart does; one that cannot be loaded is Failed (B52)."""
        config = version["config"]
        region = config["FunctionArn"].split(":")[3]

        def load() -> None:
            if self._why_not(config) is not None:
                config.update(State="Active", StateReason="", StateReasonCode="")
                return
            layers = function_records.layers(config)
            failure = self.environments.snapshot(
                Place.of(config, region=region), config, version["code_zip"] or b"", layers
            )
            if failure is None:
                config.update(State="Active", StateReason="", StateReasonCode="")
                return
            lines = lambda_logs.failed_init(config, failure.outcome)
            group = lambda_logs.group_of(config)
            self.telemetry.logged(region=region, group=group, stream=failure.stream, lines=lines)
            told = (failure.outcome.error or {}).get("errorMessage", "")
            config.update(State="Failed", StateReason=told, StateReasonCode="FunctionError")

        threading.Thread(target=load, daemon=True, name=f"snapshot-{name}").start()

    def release(self, region: str, function: str, version: str) -> None:
        """Keep nothing ready for a version any more."""
        self.environments.release(region=region, function=function, version=version)

    def _run(self, service: Any, func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        config = {"Version": "$LATEST", **(func.get("config") or func)}
        region = service.get_region()
        began = int(time.time() * 1000)
        reason, own = self._why_not(config), _of_this_call(service, config)
        if reason is None:
            asked = Asked(
                request_id=request_id,
                event=event,
                arn=config.get("FunctionArn", ""),
                environment=own,
            )
            place = Place.of(config, region=region)
            with self.environments.lease(
                place, config, func["code_zip"], function_records.layers(config)
            ) as environment:
                self._provisioned(region, config, is_provisioned=environment.provisioned)
                outcome = environment.call(asked)
                stream = environment.stream
        else:
            outcome = Outcome(error=not_supported(reason), status="error")
            stream = _stream(region, config)
        lines = lambda_logs.lines(config, request_id, outcome, began=began, trace=own["_X_AMZN_TRACE_ID"])
        self.telemetry.logged(region=region, group=lambda_logs.group_of(config), stream=stream, lines=lines)
        self._count(region, config, outcome)
        header = own["_X_AMZN_TRACE_ID"]
        if header and (config.get("TracingConfig") or {}).get("Mode") == "Active":
            segments = function_segments(config, outcome, header=header, request_id=request_id, ended=time.time())
            self.telemetry.traces.add(region, segments)
        return _answer(outcome, "".join(f"{text.rstrip()}\n" for _, text in lines))

    def _why_not(self, config: Mapping[str, Any]) -> str | None:
        return why_not(config, path=self.environments.base.get("PATH", ""))

    def _count(self, region: str, config: Mapping[str, Any], outcome: Outcome) -> None:
        values = [
            ("Invocations", 1.0, "Count"),
            ("Errors", float(outcome.error is not None), "Count"),
            ("Throttles", 0.0, "Count"),
            ("Duration", round(outcome.seconds * 1000, 2), "Milliseconds"),
        ]
        self.telemetry.measured(region, "AWS/Lambda", values, _dimensions(config))

    def _provisioned(self, region: str, config: Mapping[str, Any], *, is_provisioned: bool) -> None:
        """Count a call of a version which has environments ready, or should have."""
        place, version = (region, config["FunctionName"]), config["Version"]
        ready = function_records.concurrency(place).provisioned.get(version, 0)
        if not ready:
            return
        kind = "ProvisionedConcurrencyInvocations" if is_provisioned else "ProvisionedConcurrencySpilloverInvocations"
        named = [dimensions for dimensions in _dimensions(config) if dimensions]
        busy = min(self.admission.busy(place, version), ready)
        values = [
            (kind, 1.0, "Count"),
            ("ProvisionedConcurrentExecutions", float(busy), "Count"),
            ("ProvisionedConcurrencyUtilization", busy / ready, "Count"),
        ]
        self.telemetry.measured(region, "AWS/Lambda", values, named)

    def _admitted(self, service: Any, config: Mapping[str, Any], *, throttled: bool) -> None:
        region = service.get_region()
        if throttled:
            self.telemetry.measured(region, "AWS/Lambda", [("Throttles", 1.0, "Count")], _dimensions(config))
            return
        total, each = service.executions_in_flight()
        of_function = each.get(read(service, "_inflight_key")(config), 1)
        name = {"FunctionName": config["FunctionName"]}
        for count, dimensions in ((total, {}), (of_function, name)):
            values = [("ConcurrentExecutions", float(count), "Count")]
            self.telemetry.measured(region, "AWS/Lambda", values, [dimensions])


def _stream(region: str, config: Mapping[str, Any]) -> str:
    """The log stream of a version that has no environment."""
    version = config["Version"]
    return f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{version}]{_hex(region, config['FunctionName'], version)}"


def _hex(*parts: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join(parts)).hex


def _of_this_call(service: Any, config: dict[str, Any]) -> dict[str, str | None]:
    """The variables which change with every call."""
    return {
        **dict.fromkeys(service.DURABLE_ENV_VARS),
        **read(service, "_durable_env_overlay")(),
        service.INVOKE_DEPTH_ENV: str(read(service, "_invoke_depth").get()),
        "_X_AMZN_TRACE_ID": read(service, "_xray_trace_id_for_invocation")(config, upstream.get()),
    }


def _dimensions(config: Mapping[str, Any]) -> list[dict[str, str]]:
    """Under which names a call is counted: all functions, the function, and what the caller named."""
    name = config["FunctionName"]
    found: list[dict[str, str]] = [{}, {"FunctionName": name}]
    named = caller()
    if named is not None:
        resource = {"FunctionName": name, "Resource": f"{name}:{named.qualifier}"}
        found.append(resource)
        if named.weighted:
            found.append({**resource, "ExecutedVersion": config.get("Version", "$LATEST")})
    return found


def _answer(outcome: Outcome, log: str) -> dict[str, Any]:
    if outcome.error is not None:
        return {"body": outcome.error, "error": True, "log": log}
    try:
        return {"body": json.loads(outcome.result or "null"), "log": log}
    except ValueError:  # a bootstrap of the user's may answer with anything
        return {"body": outcome.result, "raw_payload": True, "log": log}


def _throttled(reason_code: str, msg: str, retry_after: int = 1) -> dict[str, Any]:
    """A call that was not let in, in AWS's words and not in those of the emulated Lambda."""
    del msg, retry_after
    body = {"Reason": reason_code, "Type": "User", "message": "Rate Exceeded."}
    return {"throttle": True, "error": True, "log": "", "body": body}


def _ignore(*_arguments: Any, **_more: Any) -> None:
    """Nothing: it is counted elsewhere."""
