"""A function's configuration: between the settings of a spec and what Lambda's calls take and answer, by their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backendctl.spec.model import NO_VPC, FunctionSpec, Settings, Vpc
from backendctl.spec.rows import AwsPath, row, rows, written

SNAPSTART = {True: "PublishedVersions", False: "None"}
"""What SnapStart applies to, in AWS's words; it is on for the versions that are published from then on (B52)."""
_DUAL_STACK = "Ipv6AllowedForDualStack"
_BESIDE = ("LoggingConfig.LogGroup", f"VpcConfig.{_DUAL_STACK}")
"""Members that no setting is, and that go with the others of their structure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration(Settings):
    """What a function has in AWS, which is what names a release of it; None of any is left as it is.

    Attributes:
        code: base64 sha256 of the archive (Lambda's CodeSha256), or the image URI.
        snapstart: what it applies to, "PublishedVersions" or "None".
    """

    code: str | None = None
    snapstart: str | None = field(
        default=None, metadata=row({}, aws=AwsPath("SnapStart.ApplyOn", unset=SNAPSTART[False]))
    )


ROWS = {one.field: one.aws for one in rows(Configuration) if one.aws is not None}
"""Everything but code and architecture, which UpdateFunctionCode sets (B11)."""
NAMES = ("code", "architecture", *ROWS)


def wanted_of(spec: FunctionSpec) -> dict[str, Any]:
    """The settings of a spec; code and role are for the caller to say."""
    return {
        **{name: getattr(spec, name) for name in ("architecture", *ROWS)},
        "vpc": Vpc.found((spec.vpc or NO_VPC).told()),
        "snapstart": None if spec.snapstart is None else SNAPSTART[spec.snapstart],
    }


def settings_of(config: Mapping[str, Any], *, image: str | None = None) -> dict[str, Any]:
    """A function's or a version's configuration as the same settings that a spec gives, AWS's defaults filled in.

    The description is not among them: a version's is our own note.

    Args:
        image: its image URI, which only GetFunction tells.
    """
    return {
        "code": image if config.get("PackageType") == "Image" else config.get("CodeSha256"),
        "architecture": (config.get("Architectures") or ["x86_64"])[0],
        **{name: aws.found_in(config) for name, aws in ROWS.items()},
    }


def arguments(settings: Mapping[str, Any], *, live: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as CreateFunction and UpdateFunctionConfiguration take them; the environment is always whole (B9).

    Args:
        settings: by field; those that are None are left out.
        live: the configuration as it is, {} for a new function: a structure is sent whole, so that what is not said
            of it stays.
    """
    made = written(Configuration, settings)
    for whole, given in made.items():
        if isinstance(given, dict) and isinstance(live.get(whole), Mapping):
            made[whole] = {**_settable(whole, live[whole]), **given}
    logging = made.get("LoggingConfig", {})
    if logging.get("LogFormat") == "Text":  # levels are of JSON alone, also those that stand there
        made["LoggingConfig"] = {name: value for name, value in logging.items() if not name.endswith("LogLevel")}
    if "VpcConfig" in made and not made["VpcConfig"]["SubnetIds"]:  # IPv6 is of subnets, and these are taken off
        made["VpcConfig"].pop(_DUAL_STACK, None)
    return made


def _settable(whole: str, live: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a structure that a call takes; answers have more."""
    known = (*(aws.path for aws in ROWS.values()), *_BESIDE)
    return {member: value for member, value in live.items() if f"{whole}.{member}" in known}
