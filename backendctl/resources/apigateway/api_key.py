"""API keys: one value in every region, so that a caller's key opens all of them.

A value is read and written at the moment of use; plans, messages and the journal know it by a digest at most.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.errors import BotoCoreError, ClientError, is_missing, says
from backendctl.engine.action import Action
from backendctl.engine.resource import IMMUTABLE, PARTIAL, address
from backendctl.engine.traits import Traits
from backendctl.errors import BackendctlError
from backendctl.secrets import KNOWN, digest

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.plan import Change
    from backendctl.resources.deploy_context import DeployContext

FROM_SPEC = {"backendctl:from": "spec"}
"""A tag of what a spec names, apart from what `sync-api` has brought from a live API: only this is ever deleted."""

SAME = "the same in every region"
_LENGTH = 40
_PAGE: Any = {"PageSize": 500}
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """One API key in one region, found by its name.

    Attributes:
        regions: all of the backend, the primary first; a value that is made is made in the first that can be asked.
        secret: the value that the spec gives; None has one made.
        value: a digest of the spec's value, or "the same in every region"; AWS changes no value.
    """

    kind: ClassVar[str] = "api-key"
    stateful: ClassVar[bool] = True
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(region_check="keys")

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    regions: tuple[str, ...] = field(default=(), compare=False, repr=False)
    secret: str | None = field(default=None, compare=False, repr=False)
    value: str | None = field(default=None, metadata=IMMUTABLE)
    enabled: bool | None = None
    description: str | None = None
    customer: str | None = None
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """Every key of the API in every region that gets the API."""
        api = context.spec.api
        for region in context.api_regions if api else ():
            for key in api.keys if api else ():
                yield cls(
                    region=region,
                    name=key.physical,
                    owner=context.backend,
                    regions=context.spec.all_regions,
                    secret=key.value,
                    value=SAME if key.value is None else digest(key.value, of=key.physical),
                    enabled=key.enabled,
                    description=key.description,
                    customer=key.customer,
                    tags=tagging.marked(context.backend, {**context.spec.tags, **FROM_SPEC}),
                )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """By its name, from one list per region."""
        found = key_named(aws, desired.region, desired.name)
        if found is None:
            return None
        if desired.secret is not None:
            told = digest(found["value"], of=desired.name)
        else:
            told = _held_against(aws, desired, found["value"])
        return cls._live(aws, desired.region, found, value=told)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those that a spec of this backend has named; a list has no tags, so only names of ours are looked into."""
        for found in _keys(aws, region):
            if str(found.get("name", "")).startswith(f"{aws.backend}-"):
                live = cls._live(aws, region, found, value=SAME)
                if live.owner == aws.backend and FROM_SPEC.items() <= (live.tags or {}).items():
                    yield live

    @classmethod
    def _live(cls, aws: Aws, region: str, found: Mapping[str, Any], *, value: str) -> Self:
        tags = aws.shared(("api-key-tags", region, found["id"]), lambda: _tags(aws, region, found["id"]))
        return cls(
            region=region,
            name=found["name"],
            owner=tagging.owner_of(tags),
            value=value,
            enabled=bool(found.get("enabled")),
            description=found.get("description") or "",
            customer=found.get("customerId") or "",
            tags=tags,
        )

    def needs(self) -> frozenset[str]:
        """The first region's, so that two runs at once agree on whose value it is."""
        first = self.regions[0] if self.regions and self.secret is None else self.region
        return frozenset({address(first, self.kind, self.name)} - {address(self.region, self.kind, self.name)})

    def create(self, aws: Aws) -> None:
        """With its value and our mark in one call; one that is there by now is brought up to this.

        Raises:
            BackendctlError: another key has this value, or it cannot be told whether another region has one.
        """
        with aws.exclusive("api-key", self.name):  # over all regions: there is one value
            live = self._now(aws)
            if live is None:
                self._make(aws)
            elif live.owner != self.owner:
                raise BackendctlError(
                    f"the API key {self.name!r} was created in {self.region} by somebody else",
                    hint="plan again: backendctl plan",
                )
            else:
                self._bring(aws, live)

    def _now(self, aws: Aws) -> Self | None:
        aws.forget("api-keys", self.region)
        found = key_named(aws, self.region, self.name)
        return None if found is None else self._live(aws, self.region, found, value=SAME)

    def _make(self, aws: Aws) -> None:
        value = self.secret or self._elsewhere(aws) or "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        KNOWN.add(value)
        given = {"description": self.description, "customerId": self.customer}
        try:
            aws.apigateway(self.region).create_api_key(
                name=self.name,
                value=value,
                enabled=self.enabled is not False,
                tags=self.tags or {},
                **{name: text for name, text in given.items() if text},  # type: ignore[arg-type]  # these are texts
            )
        except ClientError as error:
            if not says(error, "ConflictException"):
                raise
            aws.forget("api-keys", self.region)
            found = key_named(aws, self.region, self.name)
            if found is None or found["value"] != value:  # else the answer to an earlier try was lost
                raise BackendctlError(
                    f"{self.region} has a key of the value of {self.name!r} under another name",
                    hint=_rename(self.region, self.name),
                ) from error
        aws.forget("api-keys", self.region)

    def _elsewhere(self, aws: Aws) -> str | None:
        """The value that another region has; None when none has one.

        Raises:
            BackendctlError: none is known to have one, and not every one can be asked.
        """
        silent = []
        for region in self.regions:
            aws.forget("api-keys", region)
            try:
                found = key_named(aws, region, self.name)
            except (BackendctlError, ClientError, BotoCoreError):
                silent.append(region)
                continue
            if found is not None:
                return str(found["value"])
        if silent:
            raise BackendctlError(
                f"whether {', '.join(silent)} has the API key {self.name!r} already cannot be told, so none is made",
                hint="run the same command again when it answers, or give the key a `value` in the spec",
            )
        return None

    def update(self, aws: Aws, live: Self) -> None:
        """Everything but its value, which is the key."""
        with aws.exclusive("api-key", self.name):
            self._bring(aws, live)

    def _bring(self, aws: Aws, live: Self) -> None:
        found = key_named(aws, self.region, self.name)
        if found is None:
            raise BackendctlError(
                f"the API key {self.name!r} no longer exists in {self.region}",
                hint="plan again: backendctl plan",
            )
        if operations := list(self._operations(live)):
            aws.apigateway(self.region).update_api_key(apiKey=found["id"], patchOperations=operations)
        if changed := tagging.missing(self.tags, live.tags):
            arn = f"arn:{aws.partition}:apigateway:{self.region}::/apikeys/{found['id']}"
            aws.apigateway(self.region).tag_resource(resourceArn=arn, tags=changed)
        aws.forget("api-keys", self.region)
        aws.forget("api-key-tags", self.region)

    def _operations(self, live: Self) -> Iterator[Any]:
        for path, wanted, found in (
            ("/enabled", self.enabled, live.enabled),
            ("/description", self.description, live.description),
            ("/customerId", self.customer, live.customer),
        ):
            if wanted is not None and wanted != found:
                value = str(wanted).lower() if isinstance(wanted, bool) else wanted
                yield {"op": "replace", "path": path, "value": value}

    def delete(self, aws: Aws) -> None:
        """Every key of this name that is ours."""
        aws.forget("api-keys", self.region)
        for found in _keys(aws, self.region):
            if found.get("name") != self.name or tagging.owner_of(_tags(aws, self.region, found["id"])) != aws.backend:
                continue
            try:
                aws.apigateway(self.region).delete_api_key(apiKey=found["id"])
            except ClientError as error:
                if not is_missing(error):
                    raise
        aws.forget("api-keys", self.region)


def _rename(region: str, name: str, identifier: str = "ID") -> str:
    """What to do about a key that has the value under another name, whoever made it."""
    return (
        f"rename it: aws apigateway update-api-key --region {region} --api-key {identifier} "
        f"--patch-operations op=replace,path=/name,value={name}, and deploy again (with --adopt where the key is not "
        "of this backend); or give this one another value"
    )


def taken(changes: Iterable[Change], aws: Aws) -> list[str]:
    """Why keys of the spec cannot be made: their region has the value under another name, and values are unique."""
    return [
        f"{change.address}: {wanted.region} has a key of this value under the name {found.get('name')!r}; "
        + _rename(wanted.region, wanted.name, found["id"])
        for change in changes
        if change.action is Action.CREATE and isinstance(wanted := change.desired, ApiKey) and wanted.secret is not None
        for found in _keys(aws, wanted.region)
        if found.get("value") == wanted.secret and found.get("name") != wanted.name
    ]


def key_named(aws: Aws, region: str, name: str) -> Mapping[str, Any] | None:
    """The oldest key of that name, with its value, which is shown nowhere from then on.

    AWS lets several keys have one name; two runs at once may have made two, and everybody has to mean the same one.
    """
    found = sorted((key for key in _keys(aws, region) if key.get("name") == name), key=_age)
    if not found:
        return None
    KNOWN.add(found[0]["value"])
    return found[0]


def _age(key: Mapping[str, Any]) -> tuple[float, str]:
    made = key.get("createdDate")
    return (made.timestamp() if made else 0.0, str(key["id"]))


def copied(aws: Aws, region: str, given: Mapping[str, Any], *, owner: str) -> str:
    """The id of the region's key of the same value, made when it has none.

    Args:
        given: the key of another region, with its value. owner: the mark of one that is made.
    """
    KNOWN.add(given["value"])
    aws.forget("api-keys", region)
    for key in _keys(aws, region):
        if key.get("value") == given["value"]:
            return str(key["id"])
    kept = {name: given[name] for name in ("name", "description", "customerId") if given.get(name)}
    made = aws.apigateway(region).create_api_key(
        **kept, value=given["value"], enabled=bool(given.get("enabled")), tags=tagging.marked(owner, {})
    )
    aws.forget("api-keys", region)
    return made["id"]


def _keys(aws: Aws, region: str) -> list[Mapping[str, Any]]:
    """Every key of the region, with its value."""

    def load() -> list[Mapping[str, Any]]:
        pages = (
            aws.apigateway(region).get_paginator("get_api_keys").paginate(includeValues=True, PaginationConfig=_PAGE)
        )
        return [key for page in pages for key in page["items"]]

    return aws.shared(("api-keys", region), load)


def _tags(aws: Aws, region: str, key_id: str) -> dict[str, str]:
    answer: Any = aws.apigateway(region).get_api_key(apiKey=key_id, includeValue=False)
    return tagging.own_tags(answer.get("tags"))


def _held_against(aws: Aws, desired: ApiKey, value: str) -> str:
    """Whether every region has this value, in words; a region that does not answer says nothing."""
    for region in desired.regions:
        try:
            first = key_named(aws, region, desired.name)
        except (BackendctlError, ClientError, BotoCoreError):
            continue
        if first is not None:
            return SAME if first["value"] == value else f"another than in {region}"
    return SAME
