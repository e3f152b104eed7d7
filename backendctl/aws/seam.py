"""The seam: botocore's event system. Registered once per client, so that resource code stays plain boto3.

* `before-call`: the journal is there before what it notes;
  pacing (wait for a token before the call); a region that was silent is not asked again at once;
* `before-parse`: what no AWS would answer is no answer;
* `needs-retry`: the waits of `retry.py`, after which botocore sends the request again;
* `provide-client-params` / `after-call` / `after-call-error`: the journal of mutating calls; and the values of a
  function's environment, which no message of AWS may repeat.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from backendctl.aws.answers import check_answer
from backendctl.aws.errors import ASKED, unanswered
from backendctl.aws.journal import Journal, is_read
from backendctl.aws.pacing import Pacer
from backendctl.aws.progress import note
from backendctl.aws.retry import is_final, rule_for
from backendctl.aws.silence import Silence
from backendctl.secrets import KNOWN

_SINCE = "backendctl-waiting-since"
_PARAMS = "backendctl-params"
_STARTED = "backendctl-started"


class Seam:
    """The handlers of one connection.

    Args:
        journal: None keeps none.
        time_scale: 1.0 is AWS's pace; waits are multiplied by it.
        clock, sleep: seconds; passed in so that tests need not wait.
    """

    def __init__(
        self,
        *,
        pacer: Pacer,
        journal: Journal | None,
        time_scale: float,
        silence: Silence,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pacer = pacer
        self._journal = journal
        self._time_scale = time_scale
        self._silence = silence
        self._clock = clock
        self._sleep = sleep

    def attach(self, client: Any) -> None:
        """Register on one client."""
        service = client.meta.service_model.service_name
        hyphenized = client.meta.service_model.service_id.hyphenize()
        region = client.meta.region_name
        events = client.meta.events

        def before_call(*, model: Any, context: dict[str, Any], **_: Any) -> None:
            self._begin(service, model.name, region, context)

        def before_parse(*, operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
            check_answer(response_dict, operation_model, region)

        def needs_retry(
            *, response: Any, operation: Any, request_dict: dict[str, Any], caught_exception: Any = None, **_: Any
        ) -> float | bool | None:
            started = request_dict["context"].get(_STARTED, self._silence.now())
            if self._silence.ends(caught_exception, service, since=started):
                return False
            return self._wait(service, operation.name, region, response, request_dict)

        def keep_params(*, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
            context[_PARAMS] = params
            register_environment(params)

        def after_call(*, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
            register_environment(parsed)
            self._silence.broken(service, region)
            if "Error" in parsed:
                parsed.setdefault("ResponseMetadata", {})[ASKED] = (service, region)
            self._record(service, model.name, region, parsed, context)

        def after_call_error(*, exception: Exception, context: dict[str, Any], event_name: str, **_: Any) -> None:
            # No answer: AWS may or may not have done it, which is what one looks for in a journal.
            operation = event_name.rpartition(".")[2]
            self._unanswered(exception, service, region, operation, context)
            self._record(service, operation, region, {"Error": {"Code": type(exception).__name__}}, context)

        events.register(f"before-call.{hyphenized}", before_call)
        events.register(f"before-parse.{hyphenized}", before_parse)
        # First, because botocore takes the first answer and would retry what AWS calls final (A37).
        events.register_first(f"needs-retry.{hyphenized}", needs_retry)
        events.register(f"provide-client-params.{hyphenized}", keep_params)
        events.register(f"after-call.{hyphenized}", after_call)
        events.register(f"after-call-error.{hyphenized}", after_call_error)

    def _begin(self, service: str, operation: str, region: str, context: dict[str, Any]) -> None:
        if self._journal is not None and not is_read(operation):
            self._journal.open()  # what cannot be noted is not done
        self._silence.refuse(service, region)
        self._pacer.wait(service=service, operation=operation, region=region)
        context[_STARTED] = self._silence.now()

    def _unanswered(self, error: Exception, service: str, region: str, operation: str, context: dict[str, Any]) -> None:
        since = context.get(_STARTED, self._silence.now())
        self._silence.note(error, service, region, operation, since=since)
        unanswered(error, service, region, operation, within=self._silence.timeout)

    def _wait(
        self, service: str, operation: str, region: str, response: Any, request: dict[str, Any]
    ) -> float | bool | None:
        """Sleep where a rule says so, and for a token; 0.0 then makes botocore send the request again at once.

        Botocore's own sleep would keep a thread's place (see `crew`), and know nothing of rates.
        """
        if response is None:
            return None
        error = response[1].get("Error", {})
        code, message = str(error.get("Code", "")), str(error.get("Message", ""))
        if is_final(service=service, code=code):
            return False
        rule = rule_for(service=service, operation=operation, code=code, message=message)
        if rule is None:
            return None
        since = request["context"].setdefault(_SINCE, self._clock())
        if self._clock() - since >= rule.limit * max(self._time_scale, 0.2):
            return None
        note(KNOWN.redact_echo(f"waiting: {message}")[:160])
        self._sleep(rule.step * self._time_scale * random.uniform(0.7, 1.3))  # noqa: S311  # jitter, not a secret
        self._pacer.wait(service=service, operation=operation, region=region)
        return 0.0

    def _record(
        self, service: str, operation: str, region: str, parsed: dict[str, Any], context: dict[str, Any]
    ) -> None:
        if self._journal is None or is_read(operation):
            return
        self._journal.write(
            service=service,
            operation=operation,
            region=region,
            params=context.get(_PARAMS, {}),
            outcome=str(parsed.get("Error", {}).get("Code", "ok")),
            request_id=str(parsed.get("ResponseMetadata", {}).get("RequestId", "")),
        )


def register_environment(document: Any) -> None:
    """Make known the environments of functions in what is sent to AWS or comes from there."""
    if not isinstance(document, dict):
        return
    for one in (document, document.get("Configuration"), *_listed(document.get("Functions"))):
        environment = one.get("Environment") if isinstance(one, dict) else None
        variables = environment.get("Variables") if isinstance(environment, dict) else None
        if isinstance(variables, dict):
            KNOWN.add_echoed(str(value) for value in variables.values())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
