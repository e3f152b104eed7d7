"""Parameter Store of Systems Manager: sizes by tier, names, lengths of requests and the versions that are kept (K8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import ministack_names
from backendctl.sandbox.corrections.answers import Refusal, carrying, first, invalid
from backendctl.sandbox.corrections.constraints import Judge
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled, operations
from backendctl.sandbox.http import OK
from backendctl.sandbox.world import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.http import Request

STANDARD, ADVANCED, INTELLIGENT = "Standard", "Advanced", "Intelligent-Tiering"
STANDARD_BYTES, ADVANCED_BYTES = 4096, 8192
MOST_VERSIONS = 100
MOST_LEVELS = 15
LONGEST_ARN = 1011  # the model's 2,048 characters of a name include what Systems Manager needs itself
_DEFAULT_TIER = "/ssm/parameter-store/default-parameter-tier"
_NAME = re.compile(r"/?[\w.-]+(/[\w.-]+)*", re.ASCII)
_TIERS_PAGE = (
    "For more information, see "
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
)
_TOO_LONG_STANDARD = (
    f"Standard tier parameters support a maximum parameter value of {STANDARD_BYTES} characters. To create a larger "
    f"parameter value, upgrade the parameter to use the advanced-parameter tier. {_TIERS_PAGE}"
)
# The wording is unconfirmed.
_TOO_LONG_ADVANCED = f"Advanced tier parameters support a maximum parameter value of {ADVANCED_BYTES} characters."
_NO_WAY_BACK = (
    "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier "
    "to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard "
    "parameter."
)
_NOT_QUALIFIED = "Parameter name must be a fully qualified name."
_BAD_NAME = (
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of '
    "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 "
    "symbols .-_"
)
# The wording of these two is unconfirmed.
_TOO_DEEP = f"A hierarchy can have a maximum of {MOST_LEVELS} levels."
_LONG_NAME = f"Parameter name: its ARN can have a maximum of {LONGEST_ARN} characters."

Record = dict[str, Any]


@dataclass(kw_only=True, slots=True)
class Parameters(CorrectedService):
    """Systems Manager in front of the emulated one."""

    async def _put(self, request: Request, asked: Doc) -> Handled:
        asked = {**asked, "Name": asked["Name"].strip(" ")}
        name, region = asked["Name"], request.region
        known, kept = _parameter(region, name), _versions(region, name)
        tier = _wanted_tier(region, asked, known)
        refusal = first((_name(region, name), _value(asked["Value"], tier), _change(asked, known, kept)))
        if refusal is not None:
            return refusal
        if asked.get("Tier") == INTELLIGENT:
            asked = {**asked, "Tier": _settled_tier(asked, known)}
        answer = await self.inner.forward(carrying(request, asked))
        if answer.status == OK:
            del _versions(region, name)[:-MOST_VERSIONS]
        return answer

    service = "ssm"
    judge = Judge(service="ssm")
    handlers = operations(PutParameter=_put)


def _name(region: str, name: str) -> Refusal | None:
    if "/" in name and not name.startswith("/"):
        return invalid(_NOT_QUALIFIED)
    if not _NAME.fullmatch(name):
        return invalid(_BAD_NAME)
    if name.count("/") > MOST_LEVELS:
        return Refusal(code="HierarchyLevelLimitExceededException", message=_TOO_DEEP)
    arn = f"arn:aws:ssm:{region}:{ACCOUNT}:parameter/{name.removeprefix('/')}"
    return invalid(_LONG_NAME) if len(arn) > LONGEST_ARN else None


def _value(value: str, tier: str) -> Refusal | None:
    """AWS's sentence counts characters, its guide kilobytes: bytes are the stricter of the two (unconfirmed)."""
    size = len(value.encode())
    if tier == STANDARD:
        return invalid(_TOO_LONG_STANDARD) if size > STANDARD_BYTES else None
    return invalid(_TOO_LONG_ADVANCED) if size > ADVANCED_BYTES else None


def _change(asked: Mapping[str, Any], known: Record | None, kept: list[Record]) -> Refusal | None:
    """What is refused of a new version; without Overwrite there is none, and the service behind says so."""
    if known is None or not asked.get("Overwrite"):
        return None
    if asked.get("Tier") == STANDARD and known["Tier"] == ADVANCED:
        return invalid(_NO_WAY_BACK)
    if len(kept) >= MOST_VERSIONS and kept[0].get("Labels"):
        return Refusal(
            code="ParameterMaxVersionLimitExceeded",
            message=f"You attempted to create a new version of {asked['Name']} by calling the PutParameter API with "
            f"the overwrite flag. Version {kept[0]['Version']}, the oldest version, can't be deleted because it has a "
            "label associated with it. Move the label to another version of the parameter, and try again.",
        )
    return None


def _wanted_tier(region: str, asked: Mapping[str, Any], known: Record | None) -> str:
    """The tier a request asks for, by itself or by the setting of its region; what is Advanced stays so."""
    if asked.get("Tier"):
        return str(asked["Tier"])
    if known is not None and known["Tier"] == ADVANCED:
        return ADVANCED
    setting = ministack_names.kept("ssm", "_service_settings", region, _DEFAULT_TIER)
    return str(setting["value"]) if setting else STANDARD


def _settled_tier(asked: Mapping[str, Any], known: Record | None) -> str:
    """The tier Intelligent-Tiering comes to."""
    was_advanced = known is not None and known["Tier"] == ADVANCED
    needs_advanced = len(asked["Value"].encode()) > STANDARD_BYTES or bool(asked.get("Policies"))
    return ADVANCED if was_advanced or needs_advanced else STANDARD


def _parameter(region: str, name: str) -> Record | None:
    found: Record | None = ministack_names.kept("ssm", "_parameters", region, name)
    return found


def _versions(region: str, name: str) -> list[Record]:
    """The kept versions of a parameter, oldest first: the list itself."""
    found: list[Record] | None = ministack_names.kept("ssm", "_parameter_history", region, name)
    return [] if found is None else found
