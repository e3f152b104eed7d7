"""The only contact with what ministack keeps to itself: names that any new version of it may change.

ministack is used as a library: the sandbox reads its stores and puts functions of its own in the place of some of its.
It offers no other way, so every such name stands in `PRIVATE`, and a test holds that the installed ministack has them.
Whoever changes the pinned version looks at these, and at what `corrections.checked` lists.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from backendctl.sandbox.world import ACCOUNT

VERSION = "1.5.33"
"""The version of ministack whose names these are; pyproject.toml pins it."""

PRIVATE: dict[str, frozenset[str]] = {
    "app": frozenset(
        {
            "_build_persistence_save_dict",
            "_dispatch_service_request",
            "_get_module",
            "_get_reset_lock",
            "_load_persisted_state",
            "_state_map",
        }
    ),
    "core.responses": frozenset({"_BOTOCORE_NAME", "_service_model"}),
    "services.acm": frozenset({"_certificates"}),
    "services.cloudwatch": frozenset({"_dims_key", "_evict_old_metrics", "_metrics"}),
    "services.cloudwatch_logs": frozenset({"_append_log_events", "_live_tail_sessions", "_log_groups"}),
    "services.dynamodb": frozenset({"_tables"}),
    "services.eventbridge": frozenset(
        {
            "_SCHEDULER_TICK_INTERVAL",
            "_cron_next_fire",
            "_dispatch_to_lambda",
            "_invoke_target",
            "_parse_cron_fields",
            "_parse_rate_seconds",
        }
    ),
    "services.lambda_svc": frozenset(
        {
            "_LAMBDA_STATE_TRANSITION_DELAY",
            "_acquire_execution_slot",
            "_durable_env_overlay",
            "_emit_lambda_metrics",
            "_execute_function_dispatch",
            "_find_layer_version",
            "_functions",
            "_inflight_key",
            "_invoke_depth",
            "_release_execution_slot",
            "_snapstart_provision_version_async",
            "_throttle_response",
            "_xray_trace_id_for_invocation",
        }
    ),
    "services.route53": frozenset({"_parse_health_check_config"}),
    "services.scheduler": frozenset({"_SCHEDULE_TICK_INTERVAL", "_schedules", "_tick_schedules", "_to_epoch"}),
    "services.ssm": frozenset({"_parameter_history", "_parameters", "_service_settings"}),
    "services.tagging": frozenset({"_COLLECTORS"}),
}
"""By module of ministack, the names used of it."""

_KNOWN = frozenset[str]().union(*PRIVATE.values())


def module(name: str) -> ModuleType:
    """A module of ministack ("services.acm"), imported when first asked for: it reads the environment on import."""
    return import_module(f"ministack.{name}")


def read(module: Any, name: str) -> Any:
    """What a module holds under a private name.

    Raises:
        KeyError: the name is not in `PRIVATE`.
    """
    return getattr(module, _listed(name))


def replace(module: Any, name: str, value: Any) -> None:
    """Put something in the place of what a module holds under a private name.

    Raises:
        KeyError: the name is not in `PRIVATE`.
    """
    setattr(module, _listed(name), value)


def kept(service: str, store: str, region: str, key: Any) -> Any:
    """What a service ("acm") keeps in one of its stores for the sandbox's account, to read and write; None for none."""
    return read(module(f"services.{service}"), store).get_scoped(ACCOUNT, region, key)


def every(module: Any, store: str) -> dict[tuple[str, str, Any], Any]:
    """All that is in a store now, by account, region and key: a copy of the mapping, not of what it holds."""
    return dict(read(module, store)._data)  # noqa: SLF001 - the stores' own private name


def put(module: Any, store: str, key: tuple[str, str, Any], value: Any) -> None:
    """Put an entry into a store; key: as `every` has it."""
    read(module, store)._data[key] = value  # noqa: SLF001 - as above


def forget(module: Any, store: str, key: tuple[str, str, Any]) -> None:
    """Take one entry out of a store; key: as `every` has it."""
    read(module, store)._data.pop(key, None)  # noqa: SLF001 - as above


def _listed(name: str) -> str:
    if name not in _KNOWN:
        raise KeyError(name)
    return name
