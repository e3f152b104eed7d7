"""Who may call a function through one alias: API Gateway and EventBridge, each from one place only."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws.crew import together
from backendctl.aws.errors import ClientError, is_missing, says
from backendctl.aws.wait import settle, until
from backendctl.engine.resource import address
from backendctl.engine.traits import Fix, MatrixRow, Traits, base
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_reads import find_api, require_api
from backendctl.resources.iam import policy_text
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias_names import qualified, slots_of
from backendctl.resources.lambda_.permission_sources import Places, idle_slots, is_ours, sources_of

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

LIMIT = 20_480
"""Bytes of the policy of one qualifier (B40)."""
_WRAPPING = 200
"""Bytes that a statement has beyond what AddPermission is given: effect, condition, resource."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """All our statements of one qualifier (B31); those of others stay.

    Attributes:
        physical: the function's name in AWS. qualifier: the alias, None for the function itself.
        api: name of the API whose id stands in the ARNs.
        statements: statement id → where calls may come from, as "execute-api:<api>/<stage>/*" or "events:<rule>".
            A live one that is of no present API of ours stays a raw ARN, and so differs.
        read_back: whether it is looked at after it was made (B42). Not that of a slot that nobody turns to yet: the
            plan of the release that does reads it.
    """

    kind: ClassVar[str] = "permission"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(
        needs_settled=False,  # Lambda itself knows a new alias at once; it is callers that may not
        reads_early=True,
        beside_canary=True,
        of_release=True,
        row=MatrixRow("function", base),
        fix=Fix.ADDED,
        fixed_by="grant",
        harm="API Gateway answers 500 where it may not call the function",
    )

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    physical: str = field(compare=False)
    qualifier: str | None = field(compare=False)
    api: str | None = field(default=None, compare=False)

    read_back: bool = field(default=True, compare=False, repr=False)

    statements: dict[str, str] | None = None

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One for every qualifier that a stage's routes, an authorizer or a warmer calls."""
        for region in context.spec.regions:
            for spec in context.called_in(region):
                idle = idle_slots(context, region, spec)
                for qualifier, statements in sources_of(context, region, spec).items():
                    yield cls(
                        region=region,
                        name=qualified(spec.name, qualifier),
                        owner=context.backend,
                        physical=spec.physical,
                        qualifier=qualifier,
                        api=context.spec.api.name if context.spec.api else None,
                        read_back=qualifier not in idle,
                        statements=statements,
                    )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From the policy of the qualifier."""
        if desired.physical not in lambda_reads.functions(aws, desired.region):
            return None
        if desired.qualifier not in {None, *lambda_reads.aliases(aws, desired.region, desired.physical)}:
            return None
        return cls._live(aws, desired.region, desired.physical, desired.qualifier, name=desired.name, api=desired.api)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those of our functions, and of functions of others that we were to grant, that hold a statement of ours.

        There is no bulk call, so what nobody calls is not asked for: neither a function of ours itself, where it has
        slots, nor the plain name beside them.
        """
        ours = lambda_reads.ours(aws, region)
        others = {name: name for name in aws.granted & lambda_reads.functions(aws, region).keys() - ours.keys()}

        def of_function(physical: str, name: str) -> list[Self | None]:
            aliases = lambda_reads.aliases(aws, region, physical)
            return together(
                partial(cls._live, aws, region, physical, qualifier, name=qualified(name, qualifier), api=None)
                for qualifier in (_called(aliases) if physical in ours else (None, *aliases))
            )

        each = together(partial(of_function, physical, name) for physical, name in {**others, **ours}.items())
        return [live for lives in each for live in lives if live is not None]

    @classmethod
    def _live(
        cls, aws: Aws, region: str, physical: str, qualifier: str | None, *, name: str, api: str | None
    ) -> Self | None:
        policy = shared_policy(aws, region, physical, qualifier)
        places = Places.of(aws, region, api=api, api_id=find_api(aws, region, api) if api else None)
        found = {sid: places.source(statement) for sid, statement in policy.items() if is_ours(sid, aws.backend)}
        if not found:
            return None
        return cls(
            region=region,
            name=name,
            owner=aws.backend,
            physical=physical,
            qualifier=qualifier,
            api=api,
            statements=found,
        )

    def needs(self) -> frozenset[str]:
        """What is called, and the API, whose id AWS invents."""
        function = self.name.partition(":")[0]
        called = (
            address(self.region, "alias", self.name) if self.qualifier else address(self.region, "function", function)
        )
        api = {address(self.region, "rest-api", self.api)} if self.api and self._of_api() else set()
        return frozenset({called, *api})

    def create(self, aws: Aws) -> None:
        """Add what is missing, look whether it is there (B42), and give API Gateway the time to learn of it (B43).

        What is there already is told by AddPermission, so the policy is not read first.
        """
        self._settle(aws, known={})
        settle(aws, "the permission to reach API Gateway")

    def update(self, aws: Aws, live: Self) -> None:
        """The same: what is there is asked for again, under the function's lock."""
        self._settle(aws)
        if set(self.statements or {}) - set(live.statements or {}):
            settle(aws, "the permission to reach API Gateway")

    def delete(self, aws: Aws) -> None:
        """Our statements; others stay."""
        name = self.name.partition(":")[0]
        if name == self.physical or lambda_reads.still_named(aws, self.region, self.physical, name):
            with aws.exclusive("policy", self.region, self.physical):
                for sid in policy_of(aws, self.region, self.physical, self.qualifier):
                    if is_ours(sid, aws.backend):
                        self._remove(aws, sid)

    def _of_api(self) -> bool:
        return any(source.startswith("execute-api:") for source in (self.statements or {}).values())

    def _settle(self, aws: Aws, *, known: Mapping[str, Any] | None = None) -> None:
        """Write until nothing differs. known: the policy, where it need not be read first."""
        api_id = require_api(aws, self.region, self.api) if self.api and self._of_api() else None
        places = Places.of(aws, self.region, api=self.api, api_id=api_id)
        policies = [] if known is None else [known]

        def read() -> Mapping[str, Any]:
            return policies.pop() if policies else policy_of(aws, self.region, self.physical, self.qualifier)

        def probe() -> bool | None:
            difference = self._difference(aws, places, read())
            if difference is None:
                return True
            self._write(aws, places, *difference)
            if known is not None and not self.read_back:
                return True
            return True if self._difference(aws, places, read()) is None else None

        with aws.exclusive("policy", self.region, self.physical):  # B42: parallel writers lose statements
            until(aws, f"the permissions of {self.physical}:{self.qualifier}", probe, limit=60, step=1)
        aws.forget("lambda-policy", self.region, self.physical)

    def _difference(
        self, aws: Aws, places: Places, policy: Mapping[str, Any]
    ) -> tuple[dict[str, str], list[str]] | None:
        """What to add and what to remove from a policy; None when nothing."""
        live = {sid: places.source(statement) for sid, statement in policy.items() if is_ours(sid, aws.backend)}
        wanted = self.statements or {}
        add = {sid: source for sid, source in wanted.items() if live.get(sid) != source}
        remove = [sid for sid, source in live.items() if wanted.get(sid) != source]
        if add:
            kept = [statement for sid, statement in policy.items() if sid not in remove]
            self._refuse_too_long(kept, [places.arguments(sid, source) for sid, source in add.items()])
        return (add, remove) if add or remove else None

    def _write(self, aws: Aws, places: Places, add: Mapping[str, str], remove: Sequence[str]) -> None:
        """Add first and remove last, but for what is replaced (B38)."""
        for sid, source in add.items():
            if sid in remove:
                self._remove(aws, sid)
            try:
                aws.lambda_(self.region).add_permission(**self._target(), **places.arguments(sid, source))
            except ClientError as error:
                if says(error, "PolicyLengthExceededException"):  # B40: of others, which a first write has not read
                    self._difference(aws, places, policy_of(aws, self.region, self.physical, self.qualifier))
                if not says(error, "ResourceConflictException", "already exists"):  # a read that lags behind
                    raise
        for sid in remove:
            if sid not in add:
                self._remove(aws, sid)

    def _remove(self, aws: Aws, sid: str) -> None:
        try:
            aws.lambda_(self.region).remove_permission(**self._target(), StatementId=sid)
        except ClientError as error:
            if not is_missing(error):  # B39
                raise

    def _target(self) -> dict[str, Any]:
        return _named(self.physical, self.qualifier)

    def _refuse_too_long(self, kept: Sequence[Mapping[str, Any]], added: Sequence[Mapping[str, Any]]) -> None:
        """B40, by what the statements will have about: AWS wraps each in some further words."""
        size = len(json.dumps([*kept, *added])) + _WRAPPING * len(added)
        if size > LIMIT:
            raise BackendctlError(
                f"the policy of {self.physical}:{self.qualifier or '$LATEST'} would have about {size} bytes, and AWS "
                f"allows {LIMIT}",
                hint=f"remove statements of others: aws lambda get-policy --function-name {self.physical}",
            )


def _called(aliases: Collection[str]) -> Iterator[str | None]:
    """Which of a function of ours are called by what a deploy makes."""
    staged = {alias for alias in aliases if set(slots_of(alias)) <= set(aliases)}
    if not staged:
        yield None
    yield from (alias for alias in aliases if alias not in staged)


def shared_policy(aws: Aws, region: str, physical: str, qualifier: str | None) -> dict[str, dict[str, Any]]:
    """`policy_of`, shared within a plan."""
    key = ("lambda-policy", region, physical, qualifier)
    return aws.shared(key, lambda: policy_of(aws, region, physical, qualifier))


def policy_of(aws: Aws, region: str, physical: str, qualifier: str | None) -> dict[str, dict[str, Any]]:
    """Statement id → statement, of this qualifier only; {} when there is none (B39)."""
    try:
        text = aws.lambda_(region).get_policy(**_named(physical, qualifier))["Policy"]
    except ClientError as error:
        if is_missing(error):
            return {}
        raise
    of_this = physical if qualifier is None else f"{physical}:{qualifier}"
    return {
        str(statement.get("Sid", "")): statement
        for statement in policy_text.statements(text, of=of_this)
        if str(statement.get("Resource", "")).split(":function:")[-1] == of_this
    }


def _named(physical: str, qualifier: str | None) -> dict[str, Any]:
    return {"FunctionName": physical, **({"Qualifier": qualifier} if qualifier else {})}  # B44: never $LATEST
