"""AWS's control-plane rates, in front of the real services, and a first deploy that lives with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backendctl.cli.main import cli, run
from backendctl.sandbox import process
from tests.functional.copied import copied
from tests.functional.project import environment
from tests.functional.sandboxed import EAST, WEST, Sandbox, free_port

EXAMPLE = Path(__file__).parents[3] / "specs" / "corkhounds.yaml"


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with quotas at AWS's own pace, where no token comes back while a test looks."""
    running = Sandbox(port=free_port(), data=tmp_path_factory.mktemp("slow"))
    process.start(running.port, running.data, quotas=True, time_scale=1, popen=copied)
    yield running
    running.stop()


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[int]:
    """The port of an empty sandbox with quotas at the default scale, where the command line looks for it."""
    port = free_port()
    with environment(XDG_DATA_HOME=str(tmp_path / "data"), XDG_STATE_HOME=str(tmp_path / "state")):
        process.start(port, process.default_data(port), quotas=True, popen=copied)
        yield port
        process.stop(port, process.default_data(port))


def _refused(call: Callable[[], Any], *, tries: int = 60) -> dict[str, Any]:
    """What the first refused call says."""
    for _ in range(tries):
        try:
            call()
        except ClientError as error:
            return dict(error.response)
    pytest.fail(f"{tries} calls in a row, and none was too many")


def test_api_gateway_says_too_many_requests(slow: Sandbox) -> None:
    gateway = slow.client("apigateway")
    said = _refused(lambda: gateway.update_account(patchOperations=[]), tries=2)  # A33
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert said["Error"]["Code"] == "TooManyRequestsException"  # A36


def test_each_region_has_rates_of_its_own(slow: Sandbox) -> None:
    api = {
        region: slow.client("apigateway", region).create_rest_api(
            name="own", endpointConfiguration={"types": ["REGIONAL"]}
        )["id"]
        for region in (EAST, WEST)
    }  # A31: one in 3 s in each
    assert set(api) == {EAST, WEST}
    gateway = slow.client("apigateway", WEST)
    said = _refused(lambda: gateway.create_rest_api(name="own", endpointConfiguration={"types": ["REGIONAL"]}), tries=2)
    assert said["Error"]["Code"] == "TooManyRequestsException"


def test_lambda_says_that_the_caller_is_too_quick(slow: Sandbox) -> None:
    functions = slow.client("lambda")
    said = _refused(functions.list_functions)
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert said["Error"]["Code"] == "TooManyRequestsException"
    assert said["Reason"] == "CallerRateLimitExceeded"  # B56


def test_route53_throttles_with_400_wherever_the_caller_is(slow: Sandbox) -> None:
    route53 = slow.client("route53")
    said = _refused(route53.list_hosted_zones, tries=20)  # E22
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert said["Error"]["Code"] == "Throttling"
    assert said["Error"]["Message"] == "Rate exceeded"


def test_dynamodb_throttles_describe_limits(slow: Sandbox) -> None:
    said = _refused(slow.client("dynamodb").describe_limits, tries=2)  # C56
    assert said["Error"]["Code"] == "ThrottlingException"


def test_what_is_refused_is_counted(slow: Sandbox) -> None:
    before = process.status(slow.port, slow.data).throttled
    _refused(slow.client("dynamodb", WEST).describe_limits, tries=2)
    assert process.status(slow.port, slow.data).throttled == before + 1


def test_without_the_flag_nothing_is_too_many(sandbox: Sandbox) -> None:
    gateway = sandbox.client("apigateway")
    for _ in range(30):
        gateway.update_account(patchOperations=[])
    assert not process.status(sandbox.port, sandbox.data).quotas


def test_one_that_runs_with_other_settings_is_not_taken_for_what_was_asked(slow: Sandbox) -> None:
    assert process.start(slow.port, slow.data).time_scale == 1
    with pytest.raises(process.SandboxError, match="is up with time scale 1 and quotas; stop it first"):
        process.start(slow.port, slow.data, time_scale=0.01, quotas=False)


@pytest.mark.full
def test_a_first_deploy_of_the_example_lives_with_the_quotas(quick: int) -> None:
    line = ["deploy", str(EXAMPLE), "--sandbox", "--port", str(quick), "-y", "-o", "json", "-q"]
    assert run(lambda: cli.main(args=line, prog_name="backendctl", standalone_mode=False)) == 0
    calm = process.status(quick, process.default_data(quick))
    assert calm.quotas
    assert calm.throttled <= 5  # our own pacing keeps us below the rates; a busy machine may wake a thread late
