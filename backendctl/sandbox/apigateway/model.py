"""The state of API Gateway, one `Region` per AWS region.

Leaves are documents in AWS's own wire shape (`Doc`), so that what is stored is what is answered; the classes give the
structure around them and what is copied when a deployment freezes the API (A47).
"""

from __future__ import annotations

import copy
import secrets
import string
from dataclasses import asdict, dataclass, field
from typing import Any

Doc = dict[str, Any]

_ID_LETTERS = string.ascii_lowercase + string.digits
DEFAULT_MODELS = {
    "Empty": "This is a default empty schema model",
    "Error": "This is a default error schema model",
}


def new_id(length: int = 6) -> str:
    """An id as AWS makes them: lower-case letters and digits, beginning with a letter."""
    rest = "".join(secrets.choice(_ID_LETTERS) for _ in range(length - 1))
    return secrets.choice(string.ascii_lowercase) + rest


@dataclass(kw_only=True, slots=True)
class Definition:
    """What a deployment freezes (A47).

    Attributes:
        info: the RestApi document without its tags.
        resources: by id; each holds "methods": HTTP method -> Method document.
        models: by name.
        authorizers: by id.
        validators: by id.
        gateway_responses: the customised ones, by response type.
    """

    info: Doc
    resources: dict[str, Doc] = field(default_factory=dict)
    models: dict[str, Doc] = field(default_factory=dict)
    authorizers: dict[str, Doc] = field(default_factory=dict)
    validators: dict[str, Doc] = field(default_factory=dict)
    gateway_responses: dict[str, Doc] = field(default_factory=dict)

    def copy(self) -> Definition:
        return copy.deepcopy(self)

    @property
    def root_id(self) -> str:
        return str(self.info["rootResourceId"])

    def resource_at(self, path: str) -> Doc | None:
        return next((r for r in self.resources.values() if r["path"] == path), None)

    def children(self, resource_id: str) -> list[Doc]:
        return [r for r in self.resources.values() if r.get("parentId") == resource_id]

    def add_resource(self, *, parent: Doc, part: str) -> Doc:
        """Append a path part below `parent`; the caller has checked that it may be there."""
        path = parent["path"].rstrip("/") + "/" + part
        doc: Doc = {"id": new_id(), "parentId": parent["id"], "pathPart": part, "path": path, "methods": {}}
        self.resources[doc["id"]] = doc
        return doc


@dataclass(kw_only=True, slots=True)
class Deployment:
    """An immutable snapshot; `info` is the Deployment document."""

    info: Doc
    definition: Definition


@dataclass(kw_only=True, slots=True)
class Api:
    """One REST API: the working definition, and what hangs on its id (A5)."""

    definition: Definition
    tags: dict[str, str] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    stages: dict[str, Doc] = field(default_factory=dict)
    documentation: dict[str, Doc] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.definition.info["id"])


@dataclass(kw_only=True, slots=True)
class Domain:
    """A custom domain name and its base path mappings, by base path ("(none)" is the root)."""

    info: Doc
    mappings: dict[str, Doc] = field(default_factory=dict)


def default_account() -> Doc:
    return {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    }


@dataclass(kw_only=True, slots=True)
class Region:
    """Everything API Gateway knows in one region.

    Attributes:
        keys: ApiKey documents by id, always with their "value".
        plans: UsagePlan documents by id; "keys" (key ids) is kept beside the wire members.
        usage: requests counted by plan id, key id and day ("2026-01-31").
    """

    apis: dict[str, Api] = field(default_factory=dict)
    domains: dict[str, Domain] = field(default_factory=dict)
    account: Doc = field(default_factory=default_account)
    keys: dict[str, Doc] = field(default_factory=dict)
    plans: dict[str, Doc] = field(default_factory=dict)
    usage: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)


def dump_region(region: Region) -> Doc:
    """The region as JSON values."""
    return asdict(region)


def load_region(state: Doc) -> Region:
    """The inverse of `dump_region`."""
    apis = {key: _load_api(value) for key, value in state["apis"].items()}
    domains = {key: Domain(**value) for key, value in state["domains"].items()}
    return Region(
        apis=apis,
        domains=domains,
        account=state["account"],
        keys=state["keys"],
        plans=state["plans"],
        usage=state.get("usage", {}),
    )


def _load_api(state: Doc) -> Api:
    deployments = {
        key: Deployment(info=value["info"], definition=Definition(**value["definition"]))
        for key, value in state["deployments"].items()
    }
    return Api(
        definition=Definition(**state["definition"]),
        tags=state["tags"],
        deployments=deployments,
        stages=state["stages"],
        documentation=state.get("documentation", {}),
    )
