"""The EventBridge rules that call a function every few minutes, so that its instances stay alive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.crew import together
from backendctl.aws.errors import gone_already
from backendctl.aws.wait import until
from backendctl.engine.diff import differences
from backendctl.engine.resource import GUARDED, PARTIAL, address
from backendctl.engine.traits import Fix, MatrixRow, Traits, base
from backendctl.errors import BackendctlError
from backendctl.resources.events import rule_reads
from backendctl.resources.events.warmer_layout import PER_RULE, data_before_calls, layout, rule_prefix, schedule, state
from backendctl.resources.lambda_.alias_names import qualified
from backendctl.resources.lambda_.lambda_reads import NAME
from backendctl.spec.model import FunctionSpec, Warm

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import RuleTypeDef, TargetTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

    _Tell = Callable[[Aws, str, RuleTypeDef], Mapping[str, str]]

_RETRIED = frozenset({"ConcurrentModificationException", "InternalException", "InternalFailure"})  # D7, D17


@dataclass(frozen=True, kw_only=True, slots=True)
class Warmer:
    """Everything that keeps one function warm; its name is the function's.

    What several rules say is one value here; rules that disagree show as both, and become one again.

    Attributes:
        rules: their names. targets: "<rule>/<target id>" → "<function>:<alias>".
        input: JSON that is sent. retries: of a call that failed; none, the next one comes soon enough (D14).
        state: None leaves the rules as they are; new ones are then enabled.
        states: rule → its state; live only. note: what a plan should say of it; live only.
    """

    kind: ClassVar[str] = "warmer"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(
        reads_early=True, row=MatrixRow("function", base), fix=Fix.ALWAYS, region_check="warmers"
    )

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    after: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    states: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    note: str = field(default="", compare=False, repr=False)

    rules: tuple[str, ...] | None = None
    schedule: str | None = None
    state: str | None = None
    description: str | None = None
    targets: dict[str, str] | None = None
    input: str | None = field(default=None, metadata=GUARDED)
    retries: str | None = None
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One for every function that rules are to keep warm."""
        for region in context.spec.regions:
            for spec in context.spec.functions_in(region):
                if spec.warm is not None and not spec.warm.is_scheduled:
                    yield cls._wanted(context, region, spec, spec.warm)

    @classmethod
    def _wanted(cls, context: DeployContext, region: str, spec: FunctionSpec, warm: Warm) -> Self:
        rules = layout(context, region, spec)
        targets = {f"{rule}/{t.id}": qualified(spec.physical, t.qualifier) for rule, ts in rules.items() for t in ts}
        called = {target.qualifier for chosen in rules.values() for target in chosen}
        return cls(
            region=region,
            name=spec.name,
            owner=context.backend,
            after=frozenset(address(region, "permission", qualified(spec.name, qualifier)) for qualifier in called)
            | data_before_calls(context, region, spec),
            rules=tuple(sorted(rules)),
            schedule=schedule(warm),
            state=state(warm),
            description=f"backendctl: keeps {spec.physical} warm",
            targets=targets,
            input=canonical(warm.event(warm.instances)),
            retries="0",
            tags=tagging.marked(context.backend, {**spec.tags, NAME: spec.name}),
        )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list of rules per backend; then the targets of each, and its tags where something is to be done."""
        wanted = desired.rules or ()
        rules = rule_reads.rules(aws, desired.region)
        found = [
            rule
            for rule, tags in zip(rules, _told_tags(aws, desired.region, rules), strict=True)
            if rule["Name"] in wanted or _belongs(tags, aws.backend, desired.name)
        ]
        if not found:
            return None
        live = cls._live(aws, desired.region, desired.name, found, rule_reads.told_tags)
        if live.owner != desired.owner or differences(desired, live):
            live = cls._live(aws, desired.region, desired.name, found, rule_reads.tags)
        return replace(live, note=paused(live.states.values(), desired.state))

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Rules called `<backend>-warm-…` that carry our mark, by function."""
        by_function: dict[str, list[RuleTypeDef]] = {}
        rules = rule_reads.rules(aws, region)
        for rule, tags in zip(rules, _told_tags(aws, region, rules), strict=True):
            if tagging.owner_of(tags) == aws.backend:
                name = tags.get(NAME) or rule["Name"].removeprefix(rule_prefix(aws.backend))
                by_function.setdefault(name, []).append(rule)
        yield from together(
            partial(cls._live, aws, region, name, found, rule_reads.told_tags) for name, found in by_function.items()
        )

    @classmethod
    def _live(cls, aws: Aws, region: str, name: str, rules: Sequence[RuleTypeDef], tell: _Tell) -> Self:
        targets = {rule["Name"]: rule_reads.targets(aws, region, rule["Name"]) for rule in rules}
        each = [target for found in targets.values() for target in found]
        tags = [tell(aws, region, rule) for rule in rules]
        owners = {tagging.owner_of(one) for one in tags}
        return cls(
            region=region,
            name=name,
            owner=owners.pop() if len(owners) == 1 else None,
            rules=tuple(sorted(targets)),
            schedule=one_word(rule.get("ScheduleExpression", "") for rule in rules),
            state=one_word(rule.get("State", "") for rule in rules),
            states={rule["Name"]: rule.get("State", "") for rule in rules},
            description=one_word(rule.get("Description", "") for rule in rules),
            targets={
                f"{rule}/{target['Id']}": short_arn(target["Arn"]) for rule, ts in targets.items() for target in ts
            },
            input=one_word(canonical(target.get("Input", "")) for target in each),
            retries=one_word(str(target.get("RetryPolicy", {}).get("MaximumRetryAttempts", 185)) for target in each),
            tags={key: value for key, value in tags[0].items() if all(one.get(key) == value for one in tags)},
        )

    def shows(self, key: str, value: Any) -> bool:
        """Whether a plan shows that input: the one of the spec."""
        del key
        return bool(value == self.input)

    def needs(self) -> frozenset[str]:
        """The permission of everything that is called; a missing one shows nowhere but in a metric (D13)."""
        return self.after

    def create(self, aws: Aws) -> None:
        """All rules, marked, and their targets."""
        self._put(aws)

    def update(self, aws: Aws, live: Self) -> None:
        """Everything again: PutRule and PutTargets replace, and what the spec no longer names goes."""
        self._put(aws, states=live.states, calling=frozenset(key.partition("/")[0] for key in live.targets or {}))

    def delete(self, aws: Aws) -> None:
        """Targets, then rules (D10)."""
        for rule in self.rules or ():
            with gone_already():
                tags = rule_reads.list_tags(aws, self.region, rule)
                tagging.require_mark(tags, aws.backend, f"rule {rule} in {self.region}")
            _remove(aws, self.region, rule)

    def _put(self, aws: Aws, *, states: Mapping[str, str] | None = None, calling: frozenset[str] = frozenset()) -> None:
        """States of the rules that are there; those of them that have called anything so far."""
        states = states or {}
        client = aws.events(self.region)
        # A further rule of a function that somebody switched off stays off with the others.
        usual = "DISABLED" if states and set(states.values()) == {"DISABLED"} else "ENABLED"
        for rule in self.rules or ():
            # D1: whatever is left out falls back to a default, the state to ENABLED.
            kept = self.state or states.get(rule, usual)
            arguments: Any = {"ScheduleExpression": self.schedule, "State": kept, "Description": self.description}
            tags: Any = tagging.to_list(self.tags or {})
            given = {} if rule in states else {"Tags": tags}
            arn = client.put_rule(Name=rule, **arguments, **given)["RuleArn"]
            if rule in states:
                # D1: PutRule ignores the tags of what exists. What has called nobody yet, because its creation was
                # interrupted, is not changed but finished.
                moment = tagging.to_list({rule_reads.CHANGED: _now()} if rule in calling else {})
                client.tag_resource(ResourceARN=arn, Tags=tags + moment)
            self._put_targets(aws, rule, new=rule not in states)
        for rule in set(states) - set(self.rules or ()):
            _remove(aws, self.region, rule)
        aws.forget("rules", self.region)

    def _put_targets(self, aws: Aws, rule: str, *, new: bool) -> None:
        """new: whether the plan found no such rule, so that there are no targets to remove."""
        wanted = {
            key.removeprefix(f"{rule}/"): to for key, to in (self.targets or {}).items() if key.startswith(f"{rule}/")
        }
        there = [] if new else rule_reads.list_targets(aws, self.region, rule)
        stale = [target["Id"] for target in there if target["Id"] not in wanted]
        if stale:
            _remove_targets(aws, self.region, rule, stale)
        prefix = f"arn:{aws.partition}:lambda:{self.region}:{aws.account}:function:"
        entries: dict[str, TargetTypeDef] = {
            key: {
                "Id": key,
                "Arn": prefix + to,
                "Input": self.input or "{}",
                "RetryPolicy": {"MaximumRetryAttempts": int(self.retries or "0")},
            }
            for key, to in wanted.items()
        }

        def send(ids: Sequence[str]) -> Sequence[Mapping[str, Any]]:
            answer = aws.events(self.region).put_targets(Rule=rule, Targets=[entries[key] for key in ids])
            return answer["FailedEntries"] if answer["FailedEntryCount"] else []

        _settle(aws, f"the targets of {rule}", list(entries), send)


def _now() -> str:
    return datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _told_tags(aws: Aws, region: str, rules: Sequence[RuleTypeDef]) -> list[Mapping[str, str]]:
    return aws.shared(
        ("rules", region, "told tags"),
        lambda: together(partial(rule_reads.told_tags, aws, region, rule) for rule in rules),
    )


def _remove(aws: Aws, region: str, rule: str) -> None:
    ids: list[str] = []
    with gone_already():  # D11
        ids += [target["Id"] for target in rule_reads.list_targets(aws, region, rule)]
    if ids:
        with gone_already():
            _remove_targets(aws, region, rule, ids)
    with gone_already():
        aws.events(region).delete_rule(Name=rule)


def _remove_targets(aws: Aws, region: str, rule: str, ids: list[str]) -> None:
    def send(rest: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        answer = aws.events(region).remove_targets(Rule=rule, Ids=list(rest))
        return answer["FailedEntries"] if answer["FailedEntryCount"] else []

    _settle(aws, f"the old targets of {rule} to go", ids, send)


def _settle(
    aws: Aws, what: str, ids: Sequence[str], send: Callable[[Sequence[str]], Sequence[Mapping[str, Any]]]
) -> None:
    """Send at most five at a time (D5), and those that failed again: AWS says 200 all the same (D7)."""
    rest = list(ids)

    def probe() -> bool | None:
        failed = [entry for start in range(0, len(rest), PER_RULE) for entry in send(rest[start : start + PER_RULE])]
        final = [entry for entry in failed if entry.get("ErrorCode") not in _RETRIED]
        if final:
            told = "; ".join(f"{e.get('TargetId')}: {e.get('ErrorCode')}: {e.get('ErrorMessage')}" for e in final)
            raise BackendctlError(f"EventBridge refuses {what}: {told}")
        rest[:] = [str(entry.get("TargetId")) for entry in failed]
        return None if rest else True

    until(aws, what, probe, limit=60)


def _belongs(tags: Mapping[str, str], backend: str, name: str) -> bool:
    return tagging.owner_of(tags) == backend and tags.get(NAME) == name


def one_word(values: Iterable[str]) -> str:
    """What all say; all of it where they disagree."""
    return " | ".join(sorted(set(values)))


def short_arn(arn: str) -> str:
    """`corkhounds-places:version1-a` of a function's ARN; anything else as it is."""
    return arn.split(":function:", 1)[-1]


def paused(states: Iterable[str], wanted: str | None) -> str:
    """What to say of pings that somebody switched off and that are left so; empty for none."""
    if wanted is not None or "DISABLED" not in states:
        return ""
    return "disabled by hand, and left so; `enabled: true` under `warm` in the spec switches it on"


def canonical(text: str) -> str:
    """JSON in the one spelling in which inputs are compared; what is no JSON as it is."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, RecursionError):
        return text
