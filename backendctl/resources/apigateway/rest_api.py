"""The REST API and the definition it holds. Callers see a definition only once a stage deploys it (A47).

What it holds is the working copy; stages serve snapshots of it. Where stages have definitions of their own, each is put
and deployed in turn, and the API's own is put last. What the API holds matters only as long as a stage is to get it:
whoever releases another stage meanwhile leaves that stage's definition there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.errors import BotoCoreError, ClientError, is_missing, says
from backendctl.aws.progress import note
from backendctl.aws.wait import until
from backendctl.engine.resource import PARTIAL
from backendctl.engine.traits import MatrixRow, Traits, whole
from backendctl.errors import BackendctlError
from backendctl.openapi.preserved_settings import settings_in, with_preserved, without_settings
from backendctl.resources.apigateway.api_reads import (
    CARRIES,
    DEFINITION,
    LOCALISED,
    api_arn,
    apis,
    deployments,
    find_api,
    list_apis,
    list_deployments,
    list_stages,
    pick_api,
    require_api,
    stages,
)
from backendctl.resources.deploy_context import Definition, Stamp
from backendctl.resources.lambda_.releases import describe_deployment, facts_of

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import EndpointConfigurationTypeDef, RestApiTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

Digests = tuple[str | None, str | None]
"""Of a definition: neutral, and with a region's ids filled in."""
REGIONAL = "REGIONAL"
_REGIONAL_ONLY: EndpointConfigurationTypeDef = {"types": ["REGIONAL"]}
_PENDING = "pending"  # a put is under way; it is not atomic (A12)


@dataclass(frozen=True, kw_only=True, slots=True)
class RestApi:
    """One API, found by name and mark; its id never changes once it is made (A6).

    Attributes:
        own_of_stages: definitions of single stages, which are put and deployed before the API's own.
        served_by: stage → digests of the definition that it is to serve, neutral and localised.
        stamp: who makes this release.
        alone: whether nothing but definitions of stages is put: what belongs to the API as a whole stays as it is.
        deployed: localised digests of those of `own_of_stages` that have a deployment; all of them are wanted.
        definition: 12-hex digest; live it is "pending" after a put that did not finish. None leaves what is there.
        localised: the same with this region's ids filled in, which a changed binding changes.
        endpoint: always REGIONAL: the others cannot be in several regions under one name (A82).
        blanks: empty APIs of the same name that lost answers have left (F9); none are wanted.
        body: the document to send; None on live.
        backup: what is put back when a put fails half way (A12); None leaves it as it then is, to be repeated.
    """

    kind: ClassVar[str] = "rest-api"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(
        reads_early=True, beside_canary=True, of_release=True, row=MatrixRow("api", whole)
    )

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    body: bytes | None = field(default=None, compare=False, repr=False)
    backup: bytes | None = field(default=None, compare=False, repr=False)
    own_of_stages: tuple[Definition, ...] = field(default=(), compare=False, repr=False)
    served_by: Mapping[str, Digests] = field(default_factory=dict, compare=False, repr=False)
    stamp: Stamp | None = field(default=None, compare=False, repr=False)
    alone: bool = field(default=False, compare=False, repr=False)
    definition: str | None = None
    localised: str | None = None
    endpoint: str = REGIONAL
    blanks: int = 0
    deployed: tuple[str, ...] | None = None
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One per region, when the spec has an API."""
        api = context.spec.api
        if api is None:
            return
        for region in context.api_regions:
            definition = context.definitions[region]
            wanted = {stage.name: context.definition_of(region, stage.name) for stage in api.stages}
            alone = bool(context.chosen)
            kept = {stage for where, stage in context.kept if where == region}
            wanted = {stage: one for stage, one in wanted.items() if stage not in kept}
            own = {one.localised: one for one in wanted.values() if alone or one is not definition}
            yield cls(
                region=region,
                name=api.name,
                owner=context.backend,
                body=None if alone else definition.body,
                alone=alone,
                own_of_stages=tuple(own.values()),
                served_by={stage: (one.digest, one.localised) for stage, one in wanted.items()},
                stamp=context.stamp,
                definition=None if alone else definition.digest,
                localised=None if alone else definition.localised,
                deployed=tuple(sorted(own)) if own else None,
                tags=tagging.marked(context.backend, api.tags),
            )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list per region; where stages have their own definitions, from the lists of these too."""
        live = cls._find(aws, desired.region, desired.name, apis(aws, desired.region))
        if live is None:
            return None
        wanted = {one.localised for one in desired.own_of_stages}
        if wanted:
            live = replace(live, deployed=tuple(sorted(wanted & _deployed(aws, desired.region, desired.name))))
        if _waits_for_nothing(aws, desired, live):
            live = replace(live, definition=desired.definition, localised=desired.localised)
        return live

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those that carry our mark."""
        listed = apis(aws, region)
        for name in sorted({api["name"] for api in listed if tagging.owner_of(api.get("tags")) == aws.backend}):
            live = cls._find(aws, region, name, listed)
            if live is not None:
                yield live

    @classmethod
    def _find(cls, aws: Aws, region: str, name: str, listed: list[RestApiTypeDef]) -> Self | None:
        api = pick_api(listed, name=name, backend=aws.backend, region=region)
        if api is None:
            return None
        tags = tagging.own_tags(api.get("tags"))
        return cls(
            region=region,
            name=name,
            owner=tagging.owner_of(tags),
            definition=tags.get(DEFINITION),
            localised=tags.get(LOCALISED),
            endpoint=(api.get("endpointConfiguration", {}).get("types") or ["EDGE"])[0],
            blanks=len(_blanks(listed, api, aws.backend)),
            tags=tags,
        )

    def needs(self) -> frozenset[str]:
        """Nothing: an import does not look at the functions it names (A27)."""
        return frozenset()

    def create(self, aws: Aws) -> None:
        """Made empty with our mark, which an import cannot carry, then filled; a kill in between shows as an update."""
        with aws.exclusive("api", self.region, self.name):  # one writer per API (A38)
            live = self._find(aws, self.region, self.name, list_apis(aws, self.region))  # F9
            if live is not None:
                self._meet(aws, live)
                return
            made = aws.apigateway(self.region).create_rest_api(
                name=self.name, tags=self.tags or {}, endpointConfiguration=_REGIONAL_ONLY
            )
            self._made(aws, made["id"])
            self._put_all(aws, made["id"], own=True)
            self._remove_blanks(aws, made["id"])

    def update(self, aws: Aws, live: Self) -> None:
        """Tags, endpoint type, definition; each only when it differs."""
        with aws.exclusive("api", self.region, self.name):
            self._bring(aws, live)

    def delete(self, aws: Aws) -> None:
        """The API with its deployments. Mappings and stages go first, as resources of their own (A95)."""
        for api in list_apis(aws, self.region):
            if api.get("name") == self.name and tagging.owner_of(api.get("tags")) == aws.backend:
                self._remove(aws, api["id"])
        aws.forget("apis", self.region)
        aws.forget("api-id", self.region, self.name)

    def _meet(self, aws: Aws, live: Self) -> None:
        """It exists by now: ours is fine, anybody else's is not."""
        if live.owner != self.owner:
            raise BackendctlError(
                f"API {self.name!r} was created in {self.region} by somebody else", hint="plan again: backendctl plan"
            )
        aws.forget("apis", self.region)
        aws.forget("api-id", self.region, self.name)
        self._bring(aws, live)

    def _bring(self, aws: Aws, live: Self) -> None:
        api_id = require_api(aws, self.region, self.name)
        client = aws.apigateway(self.region)
        if changed := tagging.missing(self.tags, live.tags):
            client.tag_resource(resourceArn=api_arn(aws, self.region, api_id), tags=changed)
        if live.endpoint != self.endpoint:
            path = f"/endpointConfiguration/types/{live.endpoint}"  # A9: the path names the old type
            operation = {"op": "replace", "path": path, "value": self.endpoint}
            client.update_rest_api(restApiId=api_id, patchOperations=[operation])  # type: ignore[list-item]
        if live.blanks:
            self._remove_blanks(aws, api_id)
        self._put_all(aws, api_id, own=(live.definition, live.localised) != (self.definition, self.localised))

    def _put_all(self, aws: Aws, api_id: str, *, own: bool) -> None:
        """What stages have of their own and no deployment holds, each with its deployment; the API's own comes last.

        Args:
            own: whether the API's own is put in any case.
        """
        there = {_digests_in(one.get("description")) for one in list_deployments(aws, self.region, api_id)}
        for one in self.own_of_stages:
            if (one.digest, one.localised) not in there:
                self._put(aws, api_id, one)
                self._deploy(aws, api_id, one)
                own = True
        if own and self.definition is not None:
            localised = self.localised or self.definition
            self._put(aws, api_id, Definition(body=self.body or b"", digest=self.definition, localised=localised))

    def _deploy(self, aws: Aws, api_id: str, one: Definition) -> None:
        """A snapshot without a stage, so that none moves yet (A48); stages find it by its digests."""
        if self.stamp is None:
            msg = f"{self.name}: nobody deploys"
            raise AssertionError(msg)
        described = describe_deployment(one.digest, one.localised, self.stamp)
        aws.apigateway(self.region).create_deployment(restApiId=api_id, description=described)

    def _put(self, aws: Aws, api_id: str, one: Definition) -> None:
        """Overwrite, keeping what was set beside the definition; the tag comes last, so a kill repeats the put."""
        if not one.body:
            msg = f"{self.name}: nothing to put"
            raise AssertionError(msg)
        client = aws.apigateway(self.region)
        before: Any = client.get_rest_api(restApiId=api_id)
        if DEFINITION in before.get("tags", {}):
            self._tag(aws, api_id, {DEFINITION: _PENDING})
        carries = before.get("tags", {}).get(CARRIES, "").split()
        alone = self.alone and DEFINITION in before.get("tags", {})
        body = json.dumps(without_settings(json.loads(one.body))).encode() if alone else one.body
        kept = {name: value for name, value in settings_of(before).items() if alone or name not in carries}
        try:
            client.put_rest_api(
                restApiId=api_id, mode="overwrite", failOnWarnings=True, body=with_preserved(body, kept)
            )  # A1, A11
        except (ClientError, BotoCoreError) as error:
            self._put_back(aws, api_id, before, error)
            raise
        self._keep_security_policy(aws, api_id, before)
        told = {} if alone else {CARRIES: " ".join(sorted(settings_in(one.body)))}
        self._tag(aws, api_id, {DEFINITION: one.digest, LOCALISED: one.localised, **told})

    def _put_back(self, aws: Aws, api_id: str, before: Any, error: Exception) -> None:
        """After a put that may have been carried out in part: what was there, still marked as pending.

        The mark stays, so that the next run puts the definition again whatever it finds.

        Raises:
            BackendctlError: that failed as well, so the API holds a mixture, which no stage serves.
        """
        if self.backup is None or says(error, "BadRequestException"):  # a refused document has changed nothing (A11)
            return
        kept = with_preserved(self.backup, settings_of(before))
        try:
            aws.apigateway(self.region).put_rest_api(restApiId=api_id, mode="overwrite", body=kept)
        except (ClientError, BotoCoreError) as again:
            raise BackendctlError(
                f"the put of API {self.name!r} in {self.region} failed half way ({error}), and so did putting back "
                f"what was there ({again}); no stage serves the mixture",
                hint="run the same command again: it repeats the put",
            ) from again
        note(f"the put failed; API {self.name} holds again what it held before")

    def _keep_security_policy(self, aws: Aws, api_id: str, before: Any) -> None:
        """The one setting that has no place in a definition (A85); a change of it takes a while (A99)."""
        after = self._settled(aws, api_id)
        policy = before.get("securityPolicy")
        if policy and after.get("securityPolicy") != policy:
            operation = {"op": "replace", "path": "/securityPolicy", "value": policy}
            aws.apigateway(self.region).update_rest_api(restApiId=api_id, patchOperations=[operation])  # type: ignore[list-item]
            self._settled(aws, api_id)

    def _settled(self, aws: Aws, api_id: str) -> Any:
        def probe() -> Any:
            api: Any = aws.apigateway(self.region).get_rest_api(restApiId=api_id)
            if api.get("apiStatus") == "FAILED":
                raise BackendctlError(f"API {self.name} in {self.region} has failed: {api.get('apiStatusMessage', '')}")
            return api if api.get("apiStatus", "AVAILABLE") == "AVAILABLE" else None

        return until(aws, f"API {self.name} to be AVAILABLE", probe, limit=3600, step=5)

    def _tag(self, aws: Aws, api_id: str, tags: dict[str, str]) -> None:
        aws.apigateway(self.region).tag_resource(resourceArn=api_arn(aws, self.region, api_id), tags=tags)

    def _made(self, aws: Aws, api_id: str) -> None:
        """Whoever asks from now on finds it, without another list."""
        aws.forget("apis", self.region)
        aws.forget("api-id", self.region, self.name)
        aws.shared(("api-id", self.region, self.name), lambda: api_id)

    def _remove_blanks(self, aws: Aws, kept: str) -> None:
        listed = list_apis(aws, self.region)
        api = next((api for api in listed if api["id"] == kept), None)
        for blank in _blanks(listed, api, aws.backend) if api else ():
            if list_stages(aws, self.region, blank["id"]):
                raise BackendctlError(
                    f"{self.region} has a second API named {self.name!r} that has stages: {blank['id']}",
                    hint="remove it, or take the tag backendctl:backend off it",
                )
            self._remove(aws, blank["id"])

    def _remove(self, aws: Aws, api_id: str) -> None:
        try:
            aws.apigateway(self.region).delete_rest_api(restApiId=api_id)
        except aws.apigateway(self.region).exceptions.ClientError as error:
            if not is_missing(error):  # A39
                raise


def _deployed(aws: Aws, region: str, name: str) -> set[str]:
    """Localised digests of every deployment of ours."""
    api_id = find_api(aws, region, name)
    found = deployments(aws, region, api_id).values() if api_id is not None else ()
    return {localised for told in found if (localised := _digests_in(told)[1]) is not None}


def _digests_in(description: str | None) -> tuple[str | None, str | None]:
    facts = facts_of(description or "")
    return facts.get("definition"), facts.get("localised")


def _waits_for_nothing(aws: Aws, desired: RestApi, live: RestApi) -> bool:
    """Whether every stage serves what it is to serve, and the API holds what some stage serves: another's, for once."""
    if (live.definition, live.localised) == (desired.definition, desired.localised):
        return False
    api_id = find_api(aws, desired.region, desired.name)
    if api_id is None or not desired.served_by:
        return False
    described = deployments(aws, desired.region, api_id)
    serving = {
        name: _digests_in(described.get(stage.get("deploymentId", "")))
        for name, stage in stages(aws, desired.region, api_id).items()
    }
    served = all(serving.get(stage) == wanted for stage, wanted in desired.served_by.items())
    return served and (live.definition, live.localised) in serving.values()


def definition_held(aws: Aws, region: str, name: str) -> tuple[str | None, str | None]:
    """Digests of what the API holds now, neutral and localised, asked now; None when unknown or half written."""
    api_id = find_api(aws, region, name)
    if api_id is None:
        return None, None
    tags = aws.apigateway(region).get_rest_api(restApiId=api_id).get("tags", {})
    return tags.get(DEFINITION), tags.get(LOCALISED)


def _blanks(listed: list[RestApiTypeDef], kept: RestApiTypeDef, backend: str) -> list[RestApiTypeDef]:
    return [
        api
        for api in listed
        if api["id"] != kept["id"]
        and api.get("name") == kept.get("name")
        and tagging.owner_of(api.get("tags")) == backend
        and DEFINITION not in api.get("tags", {})
    ]


def settings_of(api: Any) -> dict[str, Any]:
    """What was set on an API beyond the defaults, in the words of the extensions (A4)."""
    endpoint = api.get("endpointConfiguration", {})
    found = {
        "description": api.get("description"),
        "policy": _policy(api.get("policy")),
        "binary-media-types": api.get("binaryMediaTypes"),
        "minimum-compression-size": api.get("minimumCompressionSize"),
        "api-key-source": None if api.get("apiKeySource") == "HEADER" else api.get("apiKeySource"),
        "endpoint-configuration": {
            **({"disableExecuteApiEndpoint": True} if api.get("disableExecuteApiEndpoint") else {}),
            **({"vpcEndpointIds": endpoint["vpcEndpointIds"]} if endpoint.get("vpcEndpointIds") else {}),
        },
    }
    return {name: value for name, value in found.items() if value not in (None, "", [], {})}


def _policy(text: str | None) -> Any:
    """AWS returns the policy as JSON whose quotes are escaped once more."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return json.loads(json.loads(f'"{text}"'))
