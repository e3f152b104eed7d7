"""The record the emulated Lambda keeps of a function, changed where none of its calls does what AWS does.

It is saved with everything else of that service, so what is written here survives a restart.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import ministack_names
from backendctl.sandbox.admission import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

Record = dict[str, Any]
Place = tuple[str, str]
"""Region and name of a function."""

_POLICIES = "policy_revisions"


def record(place: Place) -> Record | None:
    """The record of a function; None when there is none."""
    found: Record | None = ministack_names.kept("lambda_svc", "_functions", *place)
    return found


def has(place: Place, qualifier: str | None) -> bool:
    """Whether there is a function, with that version or alias."""
    known = record(place)
    if known is None:
        return False
    return qualifier in {None, "$LATEST"} or qualifier in known["versions"] or qualifier in known["aliases"]


def concurrency(place: Place) -> Rules:
    """What is reserved for a function and provisioned for its versions; a wish that failed counts for nothing."""
    known = record(place) or {}
    provisioned: dict[str, int] = {}
    for qualifier, config in known.get("provisioned_concurrency", {}).items():
        if config.get("Status") != "FAILED":
            version = version_of(place, qualifier)
            provisioned[version] = provisioned.get(version, 0) + config["RequestedProvisionedConcurrentExecutions"]
    return Rules(reserved=known.get("concurrency"), provisioned=provisioned)


def layers(config: Mapping[str, Any]) -> list[bytes]:
    """The archives of a function's layers in their order, as far as they are known; also of deleted versions."""
    find = ministack_names.read(ministack_names.module("services.lambda_svc"), "_find_layer_version")
    found: list[bytes] = []
    for layer in config.get("Layers") or ():
        *_, region, account, _, name, version = layer["Arn"].split(":")
        known, _ = find(name, int(version), account, region, include_deleted=True)
        if known and known.get("_zip_data"):
            found.append(known["_zip_data"])
    return found


def policy_revision(place: Place, qualifier: str | None) -> str | None:
    """The RevisionId of a policy, which is that of its function, version or alias until one of the two changes alone.

    None when there is nothing it could belong to.
    """
    known = record(place)
    if known is None or not has(place, qualifier):
        return None
    found: str = known.get(_POLICIES, {}).get(qualifier or "") or _revised(known, qualifier)["RevisionId"]
    return found


def policy_changed(place: Place, qualifier: str | None, *, is_left: bool) -> None:
    """The change of a policy changes the RevisionId of what it belongs to as well (B10).

    Args:
        is_left: whether there still is a policy.
    """
    known = record(place)
    if known is None:
        return
    fresh = _revise(known, qualifier)
    policies = known.setdefault(_POLICIES, {})
    policies[qualifier or ""] = fresh
    if not is_left:
        del policies[qualifier or ""]


def revise(place: Place, qualifier: str | None = None) -> None:
    """Give a function, version or alias another RevisionId, as many a change around it does."""
    known = record(place)
    if known is not None:
        _revise(known, qualifier)


def versions(place: Place) -> frozenset[str]:
    """The published versions of a function."""
    return frozenset((record(place) or {"versions": ()})["versions"])


def version_of(place: Place, qualifier: str) -> str:
    """The version behind an alias, or the version itself."""
    alias = (record(place) or {"aliases": {}})["aliases"].get(qualifier, {})
    found: str = alias.get("FunctionVersion", qualifier)
    return found


def alias(place: Place, name: str) -> Mapping[str, Any] | None:
    """An alias as GetAlias tells it; None when there is none."""
    found: Mapping[str, Any] | None = (record(place) or {"aliases": {}})["aliases"].get(name)
    return found


def statements(place: Place, qualifier: str | None) -> list[Record]:
    """The statements about a function, version or alias that is there, with the ids under which they are kept."""
    known = record(place)
    if known is None or not has(place, qualifier):
        return []
    return [one for one in known["policy"]["Statement"] if _qualifier_of(one["Resource"]) == qualifier]


def _qualifier_of(resource: str) -> str | None:
    return resource.split(":function:", 1)[-1].partition(":")[2] or None


def published(place: Place, version: str) -> Mapping[str, Any]:
    """A version which was published together with a change of code: its own ARN, and not the RevisionId of `$LATEST`.

    Returns:
        Its configuration.
    """
    known = record(place) or {}
    made: Record = known["versions"][version]
    arn = known["config"]["FunctionArn"]
    made["config"]["FunctionArn"] = f"{arn}:{version}"
    made["function_revision"] = known["config"]["RevisionId"]  # so that publishing once more makes no other (B23)
    _revise(known, None)
    config: Mapping[str, Any] = made["config"]
    return config


def _revised(known: Record, qualifier: str | None) -> Record:
    """What holds the RevisionId of a function, version or alias."""
    found: Record = known["aliases"].get(qualifier) or known["versions"].get(qualifier, known)["config"]
    return found


def _revise(known: Record, qualifier: str | None) -> str:
    holder = _revised(known, qualifier)
    before, fresh = holder["RevisionId"], str(uuid.uuid4())
    holder["RevisionId"] = fresh
    for version in known["versions"].values():
        if version.get("function_revision") == before:  # nothing that a version holds has changed (B23)
            version["function_revision"] = fresh
    return fresh
