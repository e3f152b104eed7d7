from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.sandbox.runtimes import call, config, packed, result

if TYPE_CHECKING:
    from backendctl.sandbox.environment import Outcome
    from backendctl.sandbox.environments import Environments

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the bootstrap is a shell script with curl")

BOOTSTRAP = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
echo "loaded $_HANDLER"
calls=0
while true; do
  event=$(curl -sS -D "$TMPDIR/headers.$$" "$api/invocation/next")
  id=$(tr -d '\\r' < "$TMPDIR/headers.$$" | sed -n 's/^lambda-runtime-aws-request-id: //Ip')
  arn=$(tr -d '\\r' < "$TMPDIR/headers.$$" | sed -n 's/^lambda-runtime-invoked-function-arn: //Ip')
  calls=$((calls + 1))
  echo "call $calls"
  case "$event" in
    *fail*) curl -sS -o /dev/null -d '{"errorType":"Shell.Failed","errorMessage":"no","stackTrace":[]}' \\
        "$api/invocation/$id/error" ;;
    *plain*) curl -sS -o /dev/null -d 'it is no JSON' "$api/invocation/$id/response" ;;
    *exit*) exit 3 ;;
    *after*) curl -sS -o /dev/null -d '"said"' "$api/invocation/$id/response"; exit 0 ;;
    *sleep*) sleep 60 ;;
    *large*) head -c 7000000 /dev/zero | curl -sS -o /dev/null -T - -X POST "$api/invocation/$id/response" ;;
    *) printf '{"id":"%s","arn":"%s","calls":%s,"event":%s,"greeting":"%s"}' \\
        "$id" "$arn" "$calls" "$event" "$(hello 2>/dev/null)" |
        curl -sS -o /dev/null -T - -X POST "$api/invocation/$id/response" ;;
  esac
done
"""


def _call(kept: Environments, event: Any, **more: Any) -> tuple[Outcome, str]:
    return call(kept, config("provided.al2023", **more), packed({"bootstrap": BOOTSTRAP}), event)


def test_a_bootstrap_runs_as_it_is_and_is_kept(kept: Environments) -> None:
    (first, first_id), (second, second_id) = _call(kept, {"a": "ü"}), _call(kept, [1])
    assert result(first) == {"id": first_id, "arn": "arn:of:f", "calls": 1, "event": {"a": "ü"}, "greeting": ""}
    assert (result(second)["id"], result(second)["calls"]) == (second_id, 2)
    assert first.init_seconds is not None
    assert second.init_seconds is None
    assert [text for _, text in first.lines] == ["loaded app.handler", "call 1"]
    assert [text for _, text in second.lines] == ["call 2"]


def test_the_error_a_bootstrap_tells_is_the_callers_and_leaves_the_environment(kept: Environments) -> None:
    outcome, _ = _call(kept, "fail")
    assert outcome.error == {"errorType": "Shell.Failed", "errorMessage": "no", "stackTrace": []}
    assert (outcome.status, outcome.logged) == (None, True)
    assert result(_call(kept, 1)[0])["calls"] == 2


def test_an_answer_which_is_no_json_passes_as_it_is(kept: Environments) -> None:
    assert _call(kept, "plain")[0].result == "it is no JSON"


def test_an_answer_that_is_too_large_is_an_error_and_leaves_the_environment(kept: Environments) -> None:
    outcome, _ = _call(kept, "large")
    assert outcome.error is not None
    assert outcome.error["errorType"] == "Function.ResponseSizeTooLarge"
    assert result(_call(kept, 1)[0])["calls"] == 2


@pytest.mark.parametrize(("event", "words"), [("exit", "Runtime exited with error: exit status 3")])
def test_a_bootstrap_which_ends_costs_the_environment(kept: Environments, event: str, words: str) -> None:
    outcome, request_id = _call(kept, event)
    assert outcome.error == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: {words}",
    }
    assert result(_call(kept, 1)[0])["calls"] == 1


def test_what_was_answered_before_the_end_counts(kept: Environments) -> None:
    assert result(_call(kept, "after")[0]) == "said"
    assert result(_call(kept, 1)[0])["calls"] == 1


def test_a_bootstrap_is_killed_at_its_timeout(kept: Environments) -> None:
    outcome, _ = _call(kept, "sleep", Timeout=1)
    assert (outcome.status, outcome.seconds) == ("timeout", 1)
    assert outcome.error is not None
    assert outcome.error["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_without_a_bootstrap_aws_says_where_it_looked(kept: Environments) -> None:
    outcome, request_id = call(kept, config("provided.al2023"), packed({"other": "x"}))
    words = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    assert outcome.error == {
        "errorType": "Runtime.InvalidEntrypoint",
        "errorMessage": f"RequestId: {request_id} Error: {words}",
    }


def test_a_bootstrap_of_another_kind_of_machine_cannot_be_started(kept: Environments) -> None:
    outcome, _ = call(kept, config("provided.al2023"), packed({"bootstrap": b"\x7fELF nothing of ours"}))
    assert outcome.error is not None
    assert outcome.error["errorMessage"].endswith("Error: fork/exec /var/task/bootstrap: exec format error")


def test_a_layer_brings_programs_and_even_the_bootstrap(kept: Environments) -> None:
    layers = [packed({"bootstrap": "#!/bin/sh\nexit 9\n"}), packed({"bootstrap": BOOTSTRAP, "bin/hello": "echo hi"})]
    layers[1] = packed({"bootstrap": BOOTSTRAP, "bin/hello": "#!/bin/sh\necho hi\n"})
    setup = config("provided.al2", Layers=[{"Arn": "one"}, {"Arn": "two"}])
    outcome, _ = call(kept, setup, packed({"other": "x"}), 1, layers)
    assert result(outcome)["greeting"] == "hi"


def test_nothing_of_the_host_is_in_its_environment(kept: Environments) -> None:
    code = BOOTSTRAP.replace('"$(hello 2>/dev/null)"', '"$(env | grep -c SECRET_OF_THE_HOST)$AWS_REGION"')
    outcome, _ = call(kept, config("provided.al2023"), packed({"bootstrap": code}), 1)
    assert result(outcome)["greeting"] == "0us-east-1"


def test_calls_at_the_same_time_have_environments_of_their_own(kept: Environments) -> None:
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(lambda number: _call(kept, {"n": number}), range(3)))
    for number, (outcome, request_id) in enumerate(outcomes):
        assert (result(outcome)["id"], result(outcome)["event"]) == (request_id, {"n": number})


SILENT = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
curl -sS -o /dev/null -d '{"errorType":"Init.Failed","errorMessage":"early"}' "$api/init/error"
sleep 60
"""


def test_what_cannot_be_loaded_says_why(kept: Environments) -> None:
    outcome, _ = call(kept, config("provided.al2023"), packed({"bootstrap": SILENT}), 1)
    assert outcome.error == {"errorType": "Init.Failed", "errorMessage": "early"}
    assert outcome.status == "error"
    assert outcome.init_seconds is not None
