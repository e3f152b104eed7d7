"""A Lambda function, and a published version for every release of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from backendctl.aws import tags as tagging
from backendctl.aws.errors import ClientError, is_missing, says
from backendctl.engine.resource import GLOBAL, PARTIAL, address
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.errors import BackendctlError
from backendctl.package import Artefact
from backendctl.resources.lambda_ import lambda_reads, lambda_settings, lambda_waits, releases
from backendctl.resources.lambda_.alias_names import moving, names_of, reached
from backendctl.resources.lambda_.lambda_code import code_arguments, copied_code
from backendctl.resources.lambda_.lambda_settings import Configuration
from backendctl.spec.model import NO_VPC, Code, FunctionSpec

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef, GetFunctionResponseTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext


@dataclass(frozen=True, kw_only=True, slots=True)
class Function(Configuration):
    """One function; traffic reaches its versions, through aliases.

    Attributes:
        name: the spec's. physical: AWS's.
        managed: the settings that take part in the release id.
        note: description of the version to publish; live: what a plan should say of it.
        copied_from: region and number of the version whose archive is its code; None for code of the spec.
        others: further releases of it that aliases need here, published before its own; the last one is kept in
            $LATEST.
        behind: the aliases that users reach it by and that hold its release once it is released; empty when somebody
            calls the function itself.
        release: id of code and configuration. Live: that of the version which is this release, or else of the one
            behind its aliases; what $LATEST holds counts only where it is called.
    """

    kind: ClassVar[str] = "function"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(beside_canary=True, of_release=True, row=MatrixRow("function", base))

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    physical: str = field(compare=False)
    managed: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    source: Code = field(default_factory=Code, compare=False, repr=False)
    artefact: Artefact | None = field(default=None, compare=False, repr=False)
    note: str = field(default="", compare=False, repr=False)
    behind: tuple[str, ...] = field(default=(), compare=False, repr=False)
    copied_from: tuple[str, str] | None = field(default=None, compare=False, repr=False)
    others: tuple[Function, ...] = field(default=(), compare=False, repr=False)

    description: str | None = None
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)
    release: str | None = None

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """Every function of the spec, in every region; without a release where all its aliases are pinned."""
        for region in context.spec.regions:
            for spec in context.spec.functions_in(region):
                wanted = cls.wanted(context, region, spec)
                brought: Any = context.brought_of(region, spec.physical)
                if _is_released(context, region, spec):
                    yield replace(wanted, others=brought)
                elif brought:
                    yield replace(brought[-1], others=brought[:-1])
                else:
                    yield wanted.left()

    @classmethod
    def behind_alias(cls, context: DeployContext, region: str, spec: FunctionSpec, alias: str) -> Function:
        """What has to stand behind an alias that moves: the spec's, or what a pinned stage serves elsewhere."""
        return context.brought.get((region, spec.physical, alias)) or cls.wanted(context, region, spec)

    @classmethod
    def wanted(cls, context: DeployContext, region: str, spec: FunctionSpec) -> Self:
        """What the spec asks of one function in one region; its `release` is what aliases and slots look for."""
        settings = _settings(context, region, spec)
        release = releases.fingerprint(settings)
        return cls(
            region=region,
            name=spec.name,
            owner=context.backend,
            physical=spec.physical,
            managed=releases.managed(settings),
            source=spec.code,
            artefact=context.artefacts.get((region, spec.name)),
            note=releases.described(release, context.stamp),
            behind=moving(context, region, spec),
            description=spec.description,
            tags=tagging.marked(context.backend, {**spec.tags, lambda_reads.NAME: spec.name}),
            release=release,
            **settings,
        )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list per region, GetFunction and the list of versions."""
        if desired.physical not in lambda_reads.functions(aws, desired.region):
            return None
        live = cls._live(aws, desired.region, desired.physical, name=desired.name, managed=desired.managed)
        return live.as_served(aws, desired) if desired.behind and desired.release else live

    def left(self) -> Self:
        """Only its mark and its description: every alias of it stays where a pinned stage has it."""
        nothing: dict[str, Any] = dict.fromkeys(("release", "description", *lambda_settings.NAMES))
        return replace(self, **nothing)

    def as_served(self, aws: Aws, desired: Self) -> Self:
        """This live one as users meet it, by its versions: somebody may have released another of them meanwhile.

        A description belongs to no version, so it is compared only while $LATEST is what is desired.
        """
        description = self.description if self.release == desired.release else desired.description
        same = {name: getattr(desired, name) for name in lambda_settings.NAMES}
        behind = lambda_reads.aliases(aws, self.region, self.physical).values()
        if not desired.others and any(alias.release == desired.release for alias in behind):
            return replace(self, release=desired.release, description=description, **same)
        published = lambda_reads.versions(aws, self.region, self.physical)
        if any(not _is_published(one, published) for one in desired.others):
            return replace(self, release=None)
        if _is_published(desired, published):
            return replace(self, release=desired.release, description=description, **same)
        numbers = {lambda_reads.version_behind(aws, self.region, self.physical, alias) for alias in desired.behind}
        version = next((one for one in reversed(published) if one.number in numbers), None)
        if version is None:
            return self
        settings = lambda_settings.settings_of(version.config, image=version.image)
        return replace(self, release=version.release, description=description, **settings)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """See `lambda_reads.ours` for which functions are looked at."""
        for physical, name in lambda_reads.ours(aws, region).items():
            yield cls._live(aws, region, physical, name=name)

    @classmethod
    def _live(cls, aws: Aws, region: str, physical: str, *, name: str, managed: frozenset[str] | None = None) -> Self:
        found = lambda_reads.described(aws, region, physical)
        settings = _found(found)
        tags = lambda_reads.function_tags(aws, region, physical)
        return cls(
            region=region,
            name=name,
            owner=tagging.owner_of(tags),
            physical=physical,
            description=found["Configuration"].get("Description", ""),
            tags=tags,
            release=None if managed is None else _live_release(aws, region, found, managed),
            note="" if managed is None or "snapstart" in managed else _left(settings["snapstart"]),
            **settings,
        )

    def needs(self) -> frozenset[str]:
        """Its role, and its log group, which AWS would make without a retention (B64)."""
        role = (self.role or "").rsplit("/", 1)[-1]
        return frozenset(
            {address(GLOBAL, "role", role), address(self.region, "log-group", f"/aws/lambda/{self.physical}")}
        )

    def create(self, aws: Aws) -> None:
        """Make it, marked; publish its first version. One of ours that exists by now is updated instead (H5)."""
        if self.others:
            first, *rest = (*self.others, self)
            replace(first, others=()).create(aws)
            for one in rest:
                one.bring(aws)
            return
        arguments = self._creation(aws)
        try:
            aws.lambda_(self.region).create_function(**arguments)
        except ClientError as error:
            if not says(error, "ResourceConflictException", "already exist"):  # B12
                raise
            self._forget(aws)
            live = type(self).read(aws, self)
            if live is None or live.owner != self.owner:
                raise
            self.update(aws, live)
            return
        found = lambda_waits.settled(aws, self.region, self.physical, just_made=True)
        lambda_waits.refuse_failed(found["Configuration"], region=self.region)
        self._publish(aws, found, [])

    def update(self, aws: Aws, live: Self) -> None:
        """The mark first, then code, then configuration, each waited for (B3); then a version of the result.

        Each on the condition that the function is what the plan saw, which saves asking again (B10).
        """
        if changed := tagging.missing(self.tags, live.tags):
            arn = f"arn:{aws.partition}:lambda:{self.region}:{aws.account}:function:{self.physical}"
            aws.lambda_(self.region).tag_resource(Resource=arn, Tags=changed)
            aws.forget("lambda-function", self.region, self.physical)
        found = lambda_reads.described(aws, self.region, self.physical)
        if not lambda_waits.is_at_rest(found["Configuration"]) or lambda_waits.failure(found["Configuration"]):
            found = lambda_waits.settled(aws, self.region, self.physical)
        if found["Configuration"].get("State") == "Failed":  # B7: it cannot be repaired, only made anew
            self.delete(aws)
            self.create(aws)
            return
        known = lambda_reads.versions(aws, self.region, self.physical) if self.others else []
        first = [other for other in self.others if not _is_published(other, known)]
        for other in first:
            other.bring(aws)
        try:
            self.bring(aws, None if first else found)
        except ClientError as error:
            if not says(error, "PreconditionFailedException"):
                raise
            self.bring(aws)  # somebody has changed it since the plan was made

    def bring(self, aws: Aws, found: GetFunctionResponseTypeDef | None = None) -> None:
        """$LATEST to this code and configuration, and a version of it. found: $LATEST, where it is known to rest."""
        found = found or lambda_waits.settled(aws, self.region, self.physical)
        found = self._settled(aws) if self._update_code(aws, found) else found
        found = self._settled(aws) if self._update_configuration(aws, found) else found
        self._publish(aws, found, lambda_reads.versions(aws, self.region, self.physical))

    def delete(self, aws: Aws) -> None:
        """The function and all its versions."""
        if not lambda_reads.still_named(aws, self.region, self.physical, self.name):
            return
        try:
            aws.lambda_(self.region).delete_function(FunctionName=self.physical)
        except ClientError as error:
            if not is_missing(error):
                raise
        self._forget(aws)
        lambda_waits.gone(aws, self.region, self.physical)

    def _forget(self, aws: Aws) -> None:
        aws.forget("lambda-functions", self.region)
        for what in ("lambda-function", "lambda-at-rest", "lambda-versions", "lambda-aliases"):
            aws.forget(what, self.region, self.physical)

    def _creation(self, aws: Aws) -> dict[str, Any]:
        image = self.source.image is not None
        wanted = {key: getattr(self, key) for key in lambda_settings.ROWS}
        if self.vpc == NO_VPC:
            del wanted["vpc"]
        return {
            "FunctionName": self.physical,
            "Code": self._code(aws),
            "PackageType": "Image" if image else "Zip",
            "Architectures": [self.architecture],
            "Tags": self.tags or {},
            "Publish": False,  # the version is published with its description
            "Description": self.description or "",
            **lambda_settings.arguments(wanted, live={}),
        }

    def _code(self, aws: Aws) -> dict[str, Any]:
        artefact = self.artefact
        if self.copied_from is not None:
            region, number = self.copied_from
            artefact = copied_code(aws, region, physical=self.physical, number=number, sha256=self.code or "")
        return code_arguments(aws, self.region, code=self.source, artefact=artefact)

    def _settled(self, aws: Aws) -> GetFunctionResponseTypeDef:
        found = lambda_waits.settled(aws, self.region, self.physical)
        lambda_waits.refuse_failed(found["Configuration"], region=self.region)
        return found

    def _update_code(self, aws: Aws, found: GetFunctionResponseTypeDef) -> bool:
        settings = _found(found)
        failed = lambda_waits.failure(found["Configuration"]) is not None
        if not failed and (settings["code"], settings["architecture"]) == (self.code, self.architecture):
            return False  # B35: sending the same again would count as a change
        architectures: Any = [self.architecture]
        aws.lambda_(self.region).update_function_code(
            FunctionName=self.physical,
            Architectures=architectures,
            Publish=False,
            **self._code(aws),
            **_unchanged(found),
        )
        return True

    def _update_configuration(self, aws: Aws, found: GetFunctionResponseTypeDef) -> bool:
        config = found["Configuration"]
        live = _found(found)
        wanted = {key: getattr(self, key) for key in lambda_settings.ROWS}
        changed = {key: value for key, value in wanted.items() if value is not None and value != live[key]}
        arguments = lambda_settings.arguments(changed, live=config)
        if self.description not in {None, config.get("Description", "")}:
            arguments["Description"] = self.description
        if arguments:
            aws.lambda_(self.region).update_function_configuration(
                FunctionName=self.physical, **arguments, **_unchanged(found)
            )
        return bool(arguments)

    def _publish(self, aws: Aws, found: GetFunctionResponseTypeDef, existing: Sequence[lambda_reads.Version]) -> None:
        """Publish what was looked at and nothing else (B24), unless a version of this release exists."""
        aws.forget("lambda-function", self.region, self.physical)
        lambda_waits.tell_if_not_run(found["Configuration"])
        release = self.release or ""
        if lambda_reads.newest(existing, release, self.managed):
            return
        config = found["Configuration"]
        made = aws.lambda_(self.region).publish_version(
            FunctionName=self.physical, CodeSha256=config["CodeSha256"], Description=self.note, **_unchanged(found)
        )
        aws.forget("lambda-versions", self.region, self.physical)
        image = self.code if self.source.image is not None else None
        version = lambda_reads.version_of(cast("FunctionConfigurationTypeDef", made), image=image)
        # B23: an older version comes back when AWS sees no change; it is this release all the same, or somebody
        # else changed the function meanwhile.
        if not version.carries(release, self.managed):
            raise BackendctlError(
                f"{self.physical} in {self.region} is not what was deployed: version {made['Version']} differs from it",
                hint="somebody else changes this function; run the same command again",
            )
        lambda_waits.remember_rest(aws, self.region, self.physical, cast("FunctionConfigurationTypeDef", made))
        if version.number not in {one.number for one in existing}:
            aws.remember(("lambda-versions", self.region, self.physical), [*existing, version], lasting=True)


def _is_published(one: Function, published: Sequence[lambda_reads.Version]) -> bool:
    return lambda_reads.newest(published, one.release or "", one.managed) is not None


def _is_released(context: DeployContext, region: str, spec: FunctionSpec) -> bool:
    """Whether something of it moves: an alias that no pinned stage keeps, or the function itself."""
    names = names_of(context, region, spec)
    aliases = (*names.staged, *names.plain)
    bare = None in reached(context, region, spec)
    return bare or not aliases or any(not context.is_pinned(region, spec.physical, alias) for alias in aliases)


def _settings(context: DeployContext, region: str, spec: FunctionSpec) -> dict[str, Any]:
    return {
        **lambda_settings.wanted_of(spec),
        "code": context.code_ids[region, spec.name],
        "role": context.role_arn(spec),
    }


def _found(found: GetFunctionResponseTypeDef) -> dict[str, Any]:
    return lambda_settings.settings_of(found["Configuration"], image=found.get("Code", {}).get("ImageUri"))


def _unchanged(found: GetFunctionResponseTypeDef) -> dict[str, Any]:
    """The condition of a change: the function is what was found (B10)."""
    revision = found["Configuration"].get("RevisionId")
    return {"RevisionId": revision} if revision else {}


def _left(snapstart: str) -> str:
    if snapstart == lambda_settings.SNAPSTART[False]:
        return ""
    return "with SnapStart, and left so; `snapstart: false` under `warm` in the spec switches it off"


def _live_release(aws: Aws, region: str, found: GetFunctionResponseTypeDef, managed: frozenset[str]) -> str | None:
    config = found["Configuration"]
    if lambda_waits.failure(config) is not None:
        return None
    settings = _found(found)
    latest = releases.fingerprint({key: settings[key] for key in managed})
    behind = lambda_reads.aliases(aws, region, config["FunctionName"]).values()
    if any(alias.release == latest for alias in behind):
        return latest
    published = lambda_reads.versions(aws, region, config["FunctionName"])
    if lambda_reads.newest(published, latest, managed):
        return latest
    return published[-1].release if published else None
