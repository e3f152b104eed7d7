"""What a plan reads of Lambda: in bulk where Lambda has a bulk call, and once for all kinds that ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from backendctl.aws import tags as tagging
from backendctl.aws.crew import interleaved, together
from backendctl.aws.errors import ClientError, is_missing, quietly
from backendctl.errors import BackendctlError
from backendctl.resources.lambda_ import lambda_settings, releases
from backendctl.resources.lambda_.alias_mark import held_in

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef, GetFunctionResponseTypeDef

    from backendctl.aws.connection import Aws

T = TypeVar("T")

NAME = "backendctl:name"
"""The tag that holds a function's name in the spec."""
_LATEST = "$LATEST"


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One published version.

    Attributes:
        number: as AWS counts; no identity (B26).
        release: the id its description carries, None when the description is not ours.
        config: as Lambda lists it. image: its image URI, where it was worth asking for.
    """

    number: str
    release: str | None
    code_sha256: str
    description: str
    config: FunctionConfigurationTypeDef = field(compare=False, repr=False)
    image: str | None = field(default=None, compare=False)

    def carries(self, release: str, managed: frozenset[str]) -> bool:
        """Whether this is that release: by its description, or else by its own code and configuration.

        AWS makes no new version when nothing changed (B23), so one version may be two releases: the same code
        before and after the spec began to name a setting.
        """
        if self.release == release:
            return True
        settings = lambda_settings.settings_of(self.config, image=self.image)
        return releases.fingerprint({key: settings[key] for key in managed}) == release


@dataclass(frozen=True, kw_only=True, slots=True)
class AliasInfo:
    """One alias. weights: share of the traffic by further version (B28). revision: changes whenever it does."""

    name: str
    version: str
    description: str
    weights: dict[str, float]
    revision: str = field(default="", compare=False)

    @property
    def release(self) -> str | None:
        """The release of the function that it points to, where its description tells; see `release_behind`."""
        return held_in(self.description, self.version)


def log_group(physical: str, config: Mapping[str, Any] | None) -> str:
    """The log group of a function, by its configuration: the one it names, or Lambda's own for it."""
    logging = (config or {}).get("LoggingConfig") or {}
    return logging.get("LogGroup") or f"/aws/lambda/{physical}"


def functions(aws: Aws, region: str) -> dict[str, FunctionConfigurationTypeDef]:
    """Every function of the region by its name in AWS, in one list."""

    def load() -> dict[str, FunctionConfigurationTypeDef]:
        pages = aws.lambda_(region).get_paginator("list_functions").paginate()
        return {found["FunctionName"]: found for page in pages for found in page["Functions"]}

    return aws.shared(("lambda-functions", region), load)


def described(aws: Aws, region: str, physical: str) -> GetFunctionResponseTypeDef:
    """GetFunction: configuration, tags and image URI at once, and outside the quota of 15 calls a second (B56)."""
    return aws.shared(
        ("lambda-function", region, physical),
        lambda: aws.lambda_(region).get_function(FunctionName=physical),
        lasting=True,  # a change is made on the condition that it still is so
    )


def function_tags(aws: Aws, region: str, physical: str) -> dict[str, str]:
    """The function's tags; versions and aliases have none (B32)."""
    return tagging.own_tags(described(aws, region, physical).get("Tags"))


def ours(aws: Aws, region: str) -> dict[str, str]:
    """The functions that carry our mark: name in AWS → name in the spec.

    Only those are asked for their tags that are called `<backend>-…`, run under our role or stand in the spec: an
    adopted function with a role of its own and a foreign name stays when the spec drops it.
    """
    named = [
        physical
        for physical, config in functions(aws, region).items()
        if physical.startswith(f"{aws.backend}-")
        or physical in aws.spec_names
        or config.get("Role", "").endswith(f":role/{aws.backend}-lambda")
    ]
    each = together(partial(function_tags, aws, region, physical) for physical in named)
    return {
        physical: short_name(aws.backend, physical, tags)
        for physical, tags in zip(named, each, strict=True)
        if tagging.owner_of(tags) == aws.backend
    }


def read_ahead(aws: Aws, places: Iterable[tuple[str, str]], *reads: Callable[[Aws, str, str], object]) -> None:
    """Ask for `aliases`, `versions` or both of all these functions at once.

    Args:
        places: regions, and names in AWS.
    """
    turns = interleaved(sorted(set(places)), key=itemgetter(0))
    together(partial(quietly, partial(read, aws, *place)) for place in turns for read in reads)


def short_name(backend: str, physical: str, tags: Mapping[str, str]) -> str:
    """The name in the spec."""
    return tags.get(NAME) or physical.removeprefix(f"{backend}-")


def still_named(aws: Aws, region: str, physical: str, name: str) -> bool:
    """Whether the live function still goes by that name in the spec.

    Asked before a delete: a function that got another name in the spec is updated in place, and what the old name
    called its own is the new one's by then.

    Raises:
        BackendctlError: it does not carry our mark any more.
    """
    found = _or_missing(lambda: aws.lambda_(region).get_function(FunctionName=physical), None)
    if found is None:
        return False
    tags = found.get("Tags", {})
    tagging.require_mark(tags, aws.backend, f"function {physical} in {region}")
    return short_name(aws.backend, physical, tags) == name


def versions(aws: Aws, region: str, physical: str) -> list[Version]:
    """The published versions that are releases, oldest first; [] when there is no such function."""

    def load() -> list[Version]:
        found = [one for one in _listed(aws, region, physical) if not releases.is_temporary(one.get("Description", ""))]
        return [_version(aws, region, config, newest=config is found[-1]) for config in found]

    return aws.shared(("lambda-versions", region, physical), load, lasting=True)


def temporary_versions(aws: Aws, region: str, physical: str) -> list[Version]:
    """Those that `tune` published for its measurements and did not delete yet, oldest first."""
    listed = _listed(aws, region, physical)
    return [version_of(one) for one in listed if releases.is_temporary(one.get("Description", ""))]


def _listed(aws: Aws, region: str, physical: str) -> list[FunctionConfigurationTypeDef]:
    def load() -> list[FunctionConfigurationTypeDef]:
        pages = aws.lambda_(region).get_paginator("list_versions_by_function").paginate(FunctionName=physical)  # B63
        found = [config for page in pages for config in page["Versions"] if config["Version"] != _LATEST]
        return sorted(found, key=lambda config: int(config["Version"]))

    key = ("lambda-versions", region, physical, "listed")
    return aws.shared(key, lambda: _or_missing(load, []), lasting=True)


def version_of(config: FunctionConfigurationTypeDef, *, image: str | None = None) -> Version:
    """A version from the configuration that Lambda lists for it."""
    description = config.get("Description", "")
    return Version(
        number=config["Version"],
        release=releases.facts_of(description).get("release"),
        code_sha256=config.get("CodeSha256", ""),
        description=description,
        config=config,
        image=image,
    )


def newest(found: Iterable[Version], release: str, managed: frozenset[str]) -> Version | None:
    """The newest version that is this release."""
    return next((version for version in reversed(list(found)) if version.carries(release, managed)), None)


def number_of(aws: Aws, region: str, physical: str, *, release: str, managed: frozenset[str]) -> str:
    """The number of the newest version that is this release.

    Raises:
        BackendctlError: there is none.
    """
    version = newest(versions(aws, region, physical), release, managed)
    if version is None:
        raise BackendctlError(
            f"{physical} in {region} has no version of release {release or '(none)'}",
            hint="run the same command again, without --only, so that the function is published first",
        )
    return version.number


def version_behind(aws: Aws, region: str, physical: str, alias: str) -> str:
    """The number of the version that an alias points to; empty when there is no such alias."""
    found = aliases(aws, region, physical).get(alias)
    return "" if found is None else found.version


def release_behind(
    aws: Aws, region: str, physical: str, number: str, *, release: str | None, managed: frozenset[str]
) -> str:
    """The release that a version is: the one that is asked about if it carries that, else what its description says.

    The versions are not listed where the description of an alias tells enough.

    Returns:
        "version 7" or "$LATEST" when it is no release of ours.
    """
    told = next((a.release for a in aliases(aws, region, physical).values() if a.version == number and a.release), None)
    if told is not None and release in {None, told}:
        return told
    version = next((one for one in versions(aws, region, physical) if one.number == number), None)
    if version is None:
        return number
    if release is not None and version.carries(release, managed):
        return release
    return version.release or f"version {version.number}"


def aliases(aws: Aws, region: str, physical: str) -> dict[str, AliasInfo]:
    """The function's aliases by name; {} when there is no such function."""

    def load() -> dict[str, AliasInfo]:
        pages = aws.lambda_(region).get_paginator("list_aliases").paginate(FunctionName=physical)
        return {
            alias["Name"]: AliasInfo(
                name=alias["Name"],
                version=alias["FunctionVersion"],
                description=alias.get("Description", ""),
                weights=dict((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {})),
                revision=alias.get("RevisionId", ""),
            )
            for page in pages
            for alias in page["Aliases"]
        }

    return aws.shared(("lambda-aliases", region, physical), lambda: _or_missing(load, {}), lasting=True)


def _or_missing(load: Callable[[], T], missing: T) -> T:
    try:
        return load()
    except ClientError as error:
        if is_missing(error):
            return missing
        raise


def _version(aws: Aws, region: str, config: FunctionConfigurationTypeDef, *, newest: bool) -> Version:
    version = version_of(config)
    if config.get("PackageType") != "Image" or (version.release is not None and not newest):
        return version
    found = aws.lambda_(region).get_function(FunctionName=config["FunctionName"], Qualifier=version.number)
    return version_of(config, image=found["Code"].get("ImageUri"))
