"""Settings that are calls of their own, or structures that AWS keeps whole: set, changed, taken out of the spec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.functional.project import Project
from tests.functional.sandboxed import EAST


def live(project: Project) -> tuple[dict[str, Any], int | None, dict[str, dict[str, Any]]]:
    """Of "one": how it logs, what is reserved for it, and its settings for asynchronous calls by qualifier."""
    client, name = project.client("lambda", EAST), f"{project.name}-one"
    found = client.get_function(FunctionName=name)
    configs = client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    return (
        found["Configuration"]["LoggingConfig"],
        found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        {one["FunctionArn"].rpartition(":")[2]: one for one in configs},
    )


def test_limits_logs_and_asynchronous_calls_are_as_the_spec_says_and_stay_when_it_says_no_more(
    new_project: Callable[..., Project],
) -> None:
    project = new_project(regions=[EAST])
    one = project.spec["functions"]["one"]
    failed = f"arn:aws:sqs:{EAST}:{{{{ account }}}}:{project.name}-failed"
    one |= {"log-format": "json", "log-level": "debug", "reserved-concurrency": 5}
    one |= {"async": {"retries": 0, "on-failure": failed}}
    project.save()
    project.deploy()
    project.assert_nothing_to_do()
    logging, reserved, configs = live(project)
    assert logging["LogFormat"] == "JSON"
    assert (logging["ApplicationLogLevel"], logging["SystemLogLevel"], reserved) == ("DEBUG", "INFO", 5)
    assert {"version1", "version1-a", "version1-b"} <= set(configs)
    for config in configs.values():
        assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 21600)
        assert config["DestinationConfig"]["OnFailure"]["Destination"].endswith(f"{project.name}-failed")

    one |= {"log-level": "error", "reserved-concurrency": 0, "async": {"max-age": 60}}
    project.save()
    changed = project.deploy().actions()
    assert changed[f"{EAST}/event-invoke-config/one:version1-a"] == "update"
    assert changed[f"{EAST}/reserved-concurrency/one"] == "update"
    project.assert_nothing_to_do()
    logging, reserved, configs = live(project)
    assert (logging["ApplicationLogLevel"], reserved) == ("ERROR", 0)
    assert configs["version1-a"]["DestinationConfig"]["OnFailure"] == {}

    one |= {"log-format": "text", "reserved-concurrency": "none", "async": {}}
    del one["log-level"]
    project.save()
    project.deploy()
    project.assert_nothing_to_do()
    logging, reserved, configs = live(project)
    assert (logging["LogFormat"], "ApplicationLogLevel" in logging, reserved) == ("Text", False, None)
    assert configs["version1"]["MaximumEventAgeInSeconds"] == 21600

    for setting in ("log-format", "reserved-concurrency", "async"):
        del one[setting]
    project.save()
    project.assert_nothing_to_do()
