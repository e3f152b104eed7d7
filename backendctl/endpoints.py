"""Where a deployed backend answers: the URLs to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backendctl.api.smoke_requests import smoke_requests
from backendctl.aws.partitions import dns_suffix
from backendctl.resources.apigateway.api_reads import find_api
from backendctl.resources.route53.health_check import probe_of
from backendctl.spec.model import Spec, StageSpec

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class Url:
    """One place to send a request to.

    Attributes:
        region: "" for the custom domain, which every region serves.
        host: a Host header to send along; empty when the URL says it all.
    """

    region: str
    stage: str
    url: str
    host: str = ""

    def curl(self, path: str) -> str:
        """A command line to try."""
        header = f" -H 'Host: {self.host}'" if self.host else ""
        return f"curl{header} '{self.url}{path}'"


def endpoints(spec: Spec, aws: Aws, *, endpoint_url: str | None) -> list[Url]:
    """The custom domain and each region's own endpoint, for every stage.

    Args:
        endpoint_url: of a local AWS, which serves both under host names of its own.
    """
    if spec.api is None:
        return []
    found = [_domain_url(spec, stage, endpoint_url) for stage in spec.api.stages if _mapped(spec, stage)]
    for region in spec.regions:
        if api := find_api(aws, region, spec.api.name):
            found += [
                Url(
                    region=region,
                    stage=stage.name,
                    url=regional_url(api, region, stage.name, aws, endpoint_url=endpoint_url),
                )
                for stage in spec.api.stages
            ]
    return found


def sample_path(spec: Spec) -> str:
    """A path below a stage worth trying: what the health check asks, else the first GET that asks for nothing."""
    if spec.api is None:
        return "/"
    check = spec.domain.health_check if spec.domain else None
    if check is not None:
        return "/" + probe_of(spec.api, check.path).split("/", 2)[2]
    stage = next((one for one in spec.api.stages if one.path is not None), spec.api.stages[0])
    found = smoke_requests(spec.api.document_of(stage), ())
    return next((one.asked for one in found if one.method == "GET"), "/")


def _mapped(spec: Spec, stage: StageSpec) -> bool:
    return spec.domain is not None and stage.path is not None


def _domain_url(spec: Spec, stage: StageSpec, endpoint_url: str | None) -> Url:
    name = spec.domain.name if spec.domain else ""
    path = f"/{stage.path}" if stage.path else ""
    if endpoint_url is None:
        return Url(region="", stage=stage.name, url=f"https://{name}{path}")
    return Url(region="", stage=stage.name, url=endpoint_url.rstrip("/") + path, host=name)


def regional_url(api_id: str, region: str, stage: str, aws: Aws, *, endpoint_url: str | None) -> str:
    """The URL of a stage in one region, without a slash at its end.

    Args:
        endpoint_url: of a local AWS, which serves it under a host name of its own.
    """
    if endpoint_url is None:
        return f"https://{regional_host(api_id, region, aws)}/{stage}"
    return f"http://{api_id}.execute-api.{region}.localhost:{urlsplit(endpoint_url).port}/{stage}"


def regional_host(api_id: str, region: str, aws: Aws) -> str:
    """AWS's own name of an API in one region."""
    return f"{api_id}.execute-api.{region}.{dns_suffix(aws.partition)}"
