"""Every verb under the policy printed for it, and without each of its actions: it fails, and names the action."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.ground import Ground, prepared
from tests.chaos.verbs import EVERYTHING, reach, undisturbed
from tests.functional.project import Result
from tests.functional.sandboxed import WEST

ANYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_DENIED = "is not authorized to perform: "
_REMARKED = ("lambda:InvokeFunction",)
"""A release that could not be warmed may be good all the same: it is told and goes on."""
_FASTER = frozenset({"tag:GetResources"})
"""Without these a command asks for one thing at a time, and says nothing."""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """One command in one state.

    Attributes:
        line: its words behind the spec. base: the state it starts from. edit: what is changed in the project before.
        good: exit codes with which it may end when it has every right.
        changes: whether it leaves another state behind.
        removes: whether the policy has to be that of the spec before its edit, which names what is to go.
        spared: actions, or how they begin, for a remark beside the answer: without them it names the action and goes
            on.
        detoured: actions without which it finds another way, and says nothing.
    """

    line: tuple[str, ...]
    base: str = "two"
    edit: Callable[[Ground], None] = lambda _: None
    good: tuple[int, ...] = (0,)
    changes: bool = False
    removes: bool = False
    spared: tuple[str, ...] = ()
    detoured: tuple[str, ...] = ()
    takes_spec: bool = True


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a command did without one action, or with all of them (action is ""). faults: empty when all is well."""

    verb: str
    action: str
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = "".join(f"\n      {line}" for line in self.faults) or (" named" if self.action else " ran")
        return f"{self.verb} {f'without {self.action}' if self.action else 'under its policy'}:{told}"


def _less(ground: Ground) -> None:
    """A release with fewer things in the spec."""
    spec = ground.project.spec
    spec["functions"]["one"].pop("warm", None)
    spec["functions"].pop("two", None)
    spec["api"]["stages"]["prodv1"]["variables"].pop("twoAlias", None)
    spec["api"].pop("keys", None)
    spec["api"].pop("usage-plans", None)
    spec.pop("tables", None)
    spec.pop("domain", None)
    for function in spec["functions"].values():
        function["environment"] = {}
    ground.write(2)


def _event(ground: Ground) -> None:
    """What a request of the API brings to the handler, as far as it looks at it."""
    (ground.project.folder / "event.json").write_text(json.dumps({"resource": "/marked/{r1}"}))


def _new(ground: Ground) -> None:
    ground.write(2)


def _other_warmer(ground: Ground) -> None:
    ground.project.spec["functions"]["one"]["warm"] = {"every": "10 minutes", "input": {"instruction": "warmer"}}
    ground.project.save()


def _ungranted(ground: Ground) -> None:
    """Somebody has taken the permissions of an alias."""
    functions = ground.client("lambda", "us-east-1")
    for alias in functions.list_aliases(FunctionName="chaos-one")["Aliases"]:
        asked = {"FunctionName": "chaos-one", "Qualifier": alias["Name"]}
        try:
            policy = json.loads(functions.get_policy(**asked)["Policy"])
        except functions.exceptions.ResourceNotFoundException:
            continue
        for statement in policy["Statement"]:
            functions.remove_permission(StatementId=statement["Sid"], **asked)


def _other_table(ground: Ground) -> None:
    table = ground.project.spec["tables"]["things"]
    table |= {"ttl": "expires", "deletion-protection": True, "point-in-time-recovery": True}
    table["indexes"]["by-place"] = {"hash": "place S"}
    ground.project.save()


def _other_check(ground: Ground) -> None:
    ground.project.spec["domain"]["health-check"]["interval"] = 10
    ground.project.save()


def _drained(ground: Ground) -> None:
    undisturbed(ground.run("drain", WEST, "-y"))


_TESTS = "tests:\n  - request: GET /one\n"


def _tests(ground: Ground) -> None:
    (ground.project.folder / "spec.tests.yaml").write_text(_TESTS)


SWEPT: Mapping[str, Swept] = {
    "plan": Swept(line=("plan",)),
    "status": Swept(line=("status",)),
    "doctor": Swept(line=("doctor",), good=(0, 3)),
    "history": Swept(line=("history",)),
    "diff": Swept(line=("diff", "v1", "v2")),
    "export-api": Swept(
        line=("export-api", "out.yaml", "--force", "--api", "chaos", "--from", "us-east-1/prodv1"), takes_spec=False
    ),
    "sdk": Swept(line=("sdk", "--type", "javascript")),
    "logs": Swept(line=("logs", "--api", "--since", "2h"), spared=("cloudwatch:GetMetricData",)),
    "invoke": Swept(line=("invoke", "one", "--event", '{"instruction": "warmer"}', "--all-regions")),
    "test": Swept(line=("test", "--through", "method"), edit=_tests, good=(0, 3)),
    "traces": Swept(line=("traces",), good=(0, 4)),
    "warm": Swept(line=("warm",)),
    "warm-status": Swept(line=("warm-status",), good=(0, 3, 4)),
    "cost": Swept(line=("cost",)),
    "iam-policy": Swept(line=("iam-policy",), spared=("route53:ListHostedZones", "ssm:GetParametersByPath")),
    "canary-status": Swept(line=("canary-status",), base="canary", good=(0, 3, 4)),
    "tune": Swept(
        line=("tune", "one", "-y", "--runs", "5", "--memory", "128,256", "--payload", "event.json"),
        edit=_event,
        good=(0, 4),
        changes=True,
    ),
    "deploy": Swept(line=("deploy", "-y"), base="empty", changes=True),
    "deploy a release": Swept(line=("deploy", "-y"), base="one", edit=_new, changes=True),
    "deploy less": Swept(line=("deploy", "-y", *EVERYTHING), base="one", edit=_less, changes=True, removes=True),
    "sync-api": Swept(
        line=("sync-api", "-y"), base="one", edit=lambda ground: ground.write(2, code=False), changes=True
    ),
    "publish": Swept(
        line=("publish", "-y"), base="one", edit=lambda ground: ground.write(2, definition=False), changes=True
    ),
    "grant": Swept(line=("grant", "-y"), base="one", edit=_ungranted, changes=True),
    "sync-warmers": Swept(line=("sync-warmers", "-y"), base="one", edit=_other_warmer, changes=True),
    "start-canary": Swept(
        line=("start-canary", "-y", "--percent", "30"),
        base="one",
        edit=_new,
        changes=True,
        spared=("dynamodb:", "application-autoscaling:", "events:", "scheduler:", "route53:", "acm:"),
    ),
    "promote-canary": Swept(line=("promote-canary", "-y", "--full", "--ignore-verdict"), base="canary", changes=True),
    "abort-canary": Swept(line=("abort-canary", "-y"), base="canary", changes=True),
    "rollback": Swept(line=("rollback", "-y"), changes=True),
    "prune": Swept(line=("prune", "-y", "--keep", "1"), base="three", changes=True),
    "sync-tables": Swept(line=("sync-tables", "-y"), base="one", edit=_other_table, changes=True),
    "sync-dns": Swept(line=("sync-dns", "-y"), base="one", edit=_other_check, changes=True),
    "test-replication": Swept(line=("test-replication", "--write", "--table", "things", "-y"), good=(0, 4)),
    "check-regions": Swept(line=("check-regions",), good=(0, 3, 4)),
    "drain": Swept(
        line=("drain", WEST, "-y"),
        base="one",
        changes=True,
        spared=("route53:UpdateHealthCheck", "ssm:GetParametersByPath"),  # a drain works with what it gets
        detoured=("apigateway:GET",),  # the health check knows the address too
    ),
    "restore": Swept(line=("restore", WEST, "-y"), base="one", edit=_drained, changes=True),
    "game-day": Swept(line=("game-day", WEST, "-y"), base="one", changes=True),
    "destroy": Swept(line=("destroy", "-y", *EVERYTHING), base="one", changes=True),
}
"""Every verb that asks AWS for anything; `deploy` from nothing, with a release, and with less in its spec."""


@contextlib.contextmanager
def guarded(home: Path) -> Iterator[Ground]:
    """A ground whose sandbox has a policy, which allows everything at first, and notes what is asked of it."""
    policy = home / "policy.json"
    policy.write_text(json.dumps(ANYTHING))
    with prepared(home, iam=policy, calls=home / "calls") as ground:
        yield ground


def rights(ground: Ground, names: list[str], *, sample: int | None, seed: int) -> Iterator[Taken]:
    """Each under its policy, then without each action that it used there.

    Args:
        ground: its sandbox has a policy and notes its calls. sample: without so many actions of each only.
    """
    for name in names:
        yield from _Sweep(ground=ground, name=name, swept=SWEPT[name]).all(sample, random.Random(f"{seed}/{name}"))  # noqa: S311  # no secret


@dataclass(kw_only=True)
class _Sweep:
    ground: Ground
    name: str
    swept: Swept
    spec: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.spec = copy.deepcopy(self.ground.project.spec)

    def all(self, sample: int | None, dice: random.Random) -> Iterator[Taken]:
        policy, begin = self._ready(), len(self._lines())
        ran = self._run()
        asked = {action for command, action, _ in self._lines()[begin:] if command == self.swept.line[0]}
        used = sorted(asked - _FASTER - {*self.swept.detoured})
        faults = () if ran.code in self.swept.good else (f"exit {ran.code}", ran.err[-600:])
        if _DENIED in ran.out + ran.err:
            faults = (*faults, "it was refused something")
        yield Taken(verb=self.name, action="", faults=faults)
        for action in used if sample is None else sorted(dice.sample(used, min(sample, len(used)))):
            if self.swept.changes:
                policy = self._ready()
            self._allow(without(policy, action))
            yield Taken(verb=self.name, action=action, faults=tuple(self._wrong(self._run(), action)))
        self.ground.project.spec = self.spec

    def _wrong(self, ran: Result, action: str) -> Iterator[str]:
        said = ran.out + ran.err
        if ran.code == 0 and not action.startswith((*self.swept.spared, *_REMARKED)):
            yield f"it ended well: {said[-300:]}"
        if action not in said:
            yield f"exit {ran.code}, and it does not name the action: {said[-600:]}"
        if "Traceback (most recent call last)" in said:
            yield f"a traceback: {said[-600:]}"

    def _ready(self) -> Mapping[str, object]:
        """The state it starts from, and its policy."""
        self._allow(ANYTHING)
        self.ground.project.spec = copy.deepcopy(self.spec)  # an edit of it is not kept with the files
        reach(self.ground, self.swept.base)
        before = self._printed()
        self.swept.edit(self.ground)
        printed = before if self.swept.removes else self._printed()
        self._allow(printed)
        return printed

    def _printed(self) -> Mapping[str, object]:
        printed: Mapping[str, object] = self.ground.project.run("iam-policy", "--for", self.swept.line[0]).json
        return printed

    def _run(self) -> Result:
        run = self.ground.project.run if self.swept.takes_spec else self.ground.project.command
        with contextlib.chdir(self.ground.project.folder):  # some write a file where they are
            try:
                return run(*self.swept.line, expect=None)
            except Exception as error:  # noqa: BLE001  # a bug of the command: a finding like any other
                told = f"Traceback (most recent call last)\n{type(error).__name__}: {error}"
                return Result(code=1, out="", err=told)

    def _allow(self, policy: Mapping[str, object]) -> None:
        if (file := self.ground.sandbox.iam) is not None:
            file.write_text(json.dumps(policy))

    def _lines(self) -> list[list[str]]:
        file = self.ground.sandbox.calls or Path("/nowhere")
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def without(policy: Mapping[str, object], action: str) -> Mapping[str, object]:
    """The policy without one action, on whatever it allows it."""
    document = json.loads(json.dumps(policy))
    for statement in document["Statement"]:
        statement["Action"] = [one for one in statement["Action"] if one != action]
    return {**document, "Statement": [one for one in document["Statement"] if one["Action"]]}
