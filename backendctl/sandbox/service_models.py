"""botocore's descriptions of AWS's services, read once per sandbox."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import ministack_names

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel


@cache
def service_model(name: str) -> ServiceModel:
    """The operations and shapes of a service, by botocore's name for it.

    Raises:
        UnknownServiceError: botocore does not know it.
    """
    from botocore.model import ServiceModel  # noqa: PLC0415 - takes a while; the first call of a service pays for it

    return ServiceModel(_loader().load_service_model(name, "service-2"), service_name=name)


@cache
def known_regions() -> frozenset[str]:
    """The regions of the commercial partition."""
    partitions: list[dict[str, Any]] = _loader().load_data("partitions")["partitions"]
    regions = next(each["regions"] for each in partitions if each["id"] == "aws")
    return frozenset(name for name in regions if name != "aws-global")


def share() -> None:
    """Let ministack use the same descriptions: it makes a botocore session per service, which reads them again."""
    from botocore.exceptions import DataNotFoundError, UnknownServiceError  # noqa: PLC0415 - as above

    responses = ministack_names.module("core.responses")
    names: dict[str, str] = ministack_names.read(responses, "_BOTOCORE_NAME")

    def found(service: str) -> ServiceModel | None:
        try:
            return service_model(names.get(service, service))
        except (DataNotFoundError, UnknownServiceError):
            return None

    ministack_names.replace(responses, "_service_model", found)


@cache
def _loader() -> Loader:
    from botocore.loaders import Loader  # noqa: PLC0415 - as above

    return Loader()
