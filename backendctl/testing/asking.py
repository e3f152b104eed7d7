"""Requests of tests: through API Gateway's own test call, a region's own URL, or the public name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.api.method_call import Method, ask_method, resource_ids
from backendctl.aws.errors import ClientError, explain
from backendctl.endpoints import endpoints, regional_url
from backendctl.errors import AwsError, BackendctlError
from backendctl.http_call import send
from backendctl.logs.lines import TRACE, UUID
from backendctl.resources.apigateway.api_reads import require_api, stage_variables
from backendctl.testing.model import PUBLIC, Response, Through

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.openapi.matching import Route

_INVOKED = re.compile(rf"(?:Endpoint RequestId ?: ?|x-amzn-RequestId=)({UUID.pattern})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A request ready to be sent. asked: path and query string, encoded."""

    method: str
    asked: str
    headers: Mapping[str, str]
    body: str | None
    stage: str
    route: Route | None


class NotAskedError(Exception):
    """The request could not be made, although the region answers; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """Asks the API in one region.

    Attributes:
        region: `PUBLIC` for the public name.
        urls: stage → address without a slash at its end, and the host to send.
        resources: path of the definition → id. variables: stage → live variables.
        logged: stages that write a line with the id of each request. traced: stages that pass a trace on.
    """

    backend: Backend
    region: str
    through: Through
    urls: Mapping[str, tuple[str, str]]
    api_id: str = ""
    resources: Mapping[str, str]
    variables: Mapping[str, Mapping[str, str]]
    logged: frozenset[str] = frozenset()
    traced: frozenset[str] = frozenset()

    def ask(self, sent: Sent) -> Response:
        """Make the request.

        Raises:
            NotAskedError: API Gateway refuses to make it.
            BackendctlError: nothing answered.
        """
        return self._ask_method(sent) if self.through is Through.METHOD else self._ask_url(sent)

    def _ask_method(self, sent: Sent) -> Response:
        resource = self.resources.get(sent.route.path) if sent.route is not None else None
        if resource is None:
            raise NotAskedError(f"the API in {self.region} has no route for {sent.method} {sent.asked}")
        method = Method(region=self.region, api_id=self.api_id, resource=resource, method=sent.method)
        try:
            found = ask_method(
                self.backend.aws,
                method,
                sent.asked,
                headers=sent.headers,
                body=sent.body,
                variables=self.variables.get(sent.stage, {}),
            )
        except ClientError as error:
            told = explain(error, doing=f"test-invoke {sent.method} {sent.asked} in {self.region}")
            if isinstance(told, AwsError) and told.silent:
                raise told from error
            raise NotAskedError(told.message) from error
        return Response(
            status=int(found["status"]),
            headers={name.lower(): value for name, value in found.get("headers", {}).items()},
            body=found.get("body", ""),
            latency_ms=float(found["latency"]),
            request_id=(invoked := _invoked(found.get("log", ""))),
            logged_as=invoked,
        )

    def _ask_url(self, sent: Sent) -> Response:
        if sent.stage not in self.urls:
            raise BackendctlError(f"stage {sent.stage} has no public name", hint="give it a `path` in the spec")
        url, host = self.urls[sent.stage]
        try:
            found = send(
                url + sent.asked,
                method=sent.method,
                headers=sent.headers,
                body=None if sent.body is None else sent.body.encode(),
                host=host,
                timeout=self.backend.settings.access.timeout,
            )
        except ValueError as error:  # its words hold the whole header, as Python writes it, which redacts nothing
            raise NotAskedError("not sent: a header has characters that HTTP does not carry") from error
        except OSError as error:
            raise AwsError(
                str(error) or type(error).__name__, doing=f"{sent.method} {url}{sent.asked}", code="NoAnswer"
            ) from error
        return Response(
            status=found.status,
            headers=found.headers,
            body=found.body.decode(errors="replace"),
            latency_ms=found.seconds * 1000,
            request_id=found.headers.get("x-amzn-requestid", ""),
            logged_as=self._logged_as(sent.stage, found.headers),
        )

    def _logged_as(self, stage: str, headers: Mapping[str, str]) -> str:
        if stage in self.logged:
            return headers.get("x-amzn-requestid", "")
        found = TRACE.search(headers.get("x-amzn-trace-id", "")) if stage in self.traced else None
        return found[0] if found else ""


def _invoked(log: str) -> str:
    """Lambda's id of the request in the log of a test call; empty where no function was called."""
    found = _INVOKED.search(log)
    return found[1] if found else ""


def client(backend: Backend, region: str, through: Through) -> Client:
    """What asks the API in that region.

    Raises:
        BackendctlError: there is no API, or the region does not answer.
    """
    aws, api, endpoint_url = backend.aws, backend.spec.api, backend.settings.access.endpoint_url
    if api is None:
        raise BackendctlError(f"{backend.spec.file} has no API")
    logged = frozenset(
        one.name for one in api.stages if one.logging and (one.logging.access or one.logging.level == "INFO")
    )
    traced = frozenset(one.name for one in api.stages if one.tracing)
    if region == PUBLIC:
        found = endpoints(backend.spec.narrowed(()), aws, endpoint_url=endpoint_url)
        urls = {one.stage: (one.url, one.host) for one in found}
        return Client(
            backend=backend,
            region=region,
            through=through,
            urls=urls,
            resources={},
            variables={},
            logged=logged,
            traced=traced,
        )
    api_id = require_api(aws, region, api.name)
    is_method = through is Through.METHOD
    return Client(
        backend=backend,
        region=region,
        through=through,
        urls={
            stage.name: (regional_url(api_id, region, stage.name, aws, endpoint_url=endpoint_url), "")
            for stage in api.stages
        },
        api_id=api_id,
        resources=resource_ids(aws, region, api_id) if is_method else {},
        variables=stage_variables(aws, region, api.name) if is_method else {},
        logged=logged,
        traced=traced,
    )
