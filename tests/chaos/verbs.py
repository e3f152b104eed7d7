"""What is killed: every verb that changes something, each from a state of its own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from backendctl.cli.catalogue import entries
from tests.chaos.ground import Ground
from tests.functional.killing import Run
from tests.functional.sandboxed import WEST

_STATEFUL = ("table/things", "replica/things", "domain/api.chaos.example")
EVERYTHING = tuple(word for name in _STATEFUL for word in ("--allow-delete", name))


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One command.

    Attributes:
        base: the state it starts from. edit: what is changed in the project before.
        proof: a command that ends well once all is done; none where the state says enough.
    """

    line: tuple[str, ...]
    base: str
    edit: Callable[[Ground], None] = lambda _: None
    proof: tuple[str, ...] = ()


def _with_spec(ground: Ground, change: Callable[[dict[str, Any]], Any]) -> None:
    """Write another spec than the project's, which stays what the next verb begins with."""
    spec = copy.deepcopy(ground.project.spec)
    change(spec)
    (ground.project.folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


def _in_front(change: Callable[[dict[str, Any]], Any], line: tuple[str, ...] = ("sync-dns", "-y"), **more: Any) -> Verb:
    """A change of what stands in front of the API."""
    proof = ("sync-dns", "--check")
    return Verb(
        **{"line": line, "base": "one", "edit": lambda ground: _with_spec(ground, change), "proof": proof, **more}
    )


def _two_names(spec: dict[str, Any]) -> None:
    zone = spec["domain"]["zone"]
    spec["domains"] = [{"name": f"new.{zone}", "zone": zone}]


def _new_name(spec: dict[str, Any]) -> None:
    spec["domain"]["name"] = f"new.{spec['domain']['zone']}"


def _failover(spec: dict[str, Any]) -> None:
    spec["domain"]["routing"] = "failover"


def _simple(spec: dict[str, Any]) -> None:
    spec["domain"]["routing"] = "simple"
    del spec["domain"]["health-check"]


def _other_primary(spec: dict[str, Any]) -> None:
    _simple(spec)
    spec["regions"] = spec["regions"][::-1]


DOMAINS: Mapping[str, Verb] = {
    "first-domain": _in_front(lambda _: None, base="bare"),
    "failover": _in_front(_failover, line=("deploy", "-y")),
    "other-primary": _in_front(_other_primary, base="simple"),
    "second-name": _in_front(_two_names),
    "first-name-gone": _in_front(
        _new_name, line=("sync-dns", "-y", "--allow-delete", "domain/api.chaos.example"), base="two-names"
    ),
}
"""Changes of domains and their records."""

VERBS: Mapping[str, Verb] = {
    # Ten of eleven held; the eleventh, between PutRule and PutTargets, is mended and has not been killed again.
    "first-deploy": Verb(line=("deploy", "-y"), base="empty"),
    "update": Verb(line=("deploy", "-y"), base="one", edit=lambda ground: ground.write(2)),
    # Nine of nine held; the other 27 have not been tried since the release log came.
    "sync-api": Verb(line=("sync-api", "-y"), base="one", edit=lambda ground: ground.write(2, code=False)),
    "destroy": Verb(line=("destroy", "-y", *EVERYTHING), base="one"),
    "publish": Verb(line=("publish", "-y"), base="one", edit=lambda ground: ground.write(2, definition=False)),
    "start-canary": Verb(
        line=("start-canary", "-y", "--percent", "30"), base="one", edit=lambda ground: ground.write(2)
    ),
    "promote-canary": Verb(line=("promote-canary", "-y", "--full", "--ignore-verdict"), base="canary"),
    "abort-canary": Verb(line=("abort-canary", "-y"), base="canary"),
    "rollback": Verb(line=("rollback", "-y"), base="two"),
    "prune": Verb(line=("prune", "-y", "--keep", "1"), base="three"),
    **DOMAINS,
}


COMMANDS: Mapping[str, tuple[str, ...]] = {
    **{name: VERBS[name].line for name in VERBS if name in entries()},
    "deploy": VERBS["update"].line,
    "plan": ("plan",),
    "status": ("status",),
    "history": ("history",),
    "diff": ("diff", "v1", "v1"),
    "canary-status": ("canary-status",),
    "export-api": (
        "export-api",
        "--force",
        "--api",
        "chaos",
        "--from",
        f"{WEST}/prodv1",
    ),  # FILE is the spec, which stays
    "grant": ("grant", "-y"),
    "sdk": ("sdk", "--type", "javascript"),
    "warm-status": ("warm-status",),
    "warm": ("warm",),
    "sync-warmers": ("sync-warmers", "-y"),
    "tune": ("tune", "one", "-y", "--memory", "128,256", "-r", WEST),
    "cost": ("cost", "--from-metrics", "1d"),
    "logs": ("logs", "--since", "5m"),
    "invoke": ("invoke", "one", "--api-event", "GET /one", "--all-regions"),
    "doctor": ("doctor",),
    "traces": ("traces",),
    "test": ("test",),
    "sync-dns": ("sync-dns", "-y"),
    "sync-tables": ("sync-tables", "-y"),
    "test-replication": ("test-replication",),
    "check-regions": ("check-regions",),
}
"""Every command that asks AWS → what is typed."""
_OFFLINE = frozenset({"validate", "render", "iam-policy", "sandbox"})
ELSEWHERE: Mapping[str, str] = dict.fromkeys(("drain", "restore", "game-day"), "test_drain.py")
"""Commands that are made for regions which do not answer → the file that tries them."""


def asking_aws() -> frozenset[str]:
    """Every command that calls AWS."""
    return frozenset(entries()) - _OFFLINE - ELSEWHERE.keys()


def ready(ground: Ground, name: str) -> None:
    """Put what that command starts from in its place: a verb's own base, else a release that is out."""
    verb = VERBS.get("update" if name == "deploy" else name)
    reach(ground, verb.base if verb else "one")
    if verb is not None:
        verb.edit(ground)
    if name == "test":
        undisturbed(ground.run("test", "--from-definition"))


NOT_YET: Mapping[str, str] = {}
"""Paths of the state that may differ after a kill until their reason is mended: told and counted, and no failure."""


def reach(ground: Ground, base: str) -> None:
    """Put a base back; one that is not kept yet is made from the one before it.

    Raises:
        AssertionError: a command that nobody disturbed failed.
    """
    if (ground.folder / base).is_dir():
        ground.put_back(base)
        return
    if base != "empty":
        before, release, line = _STEPS[base]
        reach(ground, before)
        ground.write(release)
        if base in _PREPARED:
            _PREPARED[base](ground)
        undisturbed(ground.run(*line))
    ground.keep(base)


def undisturbed(run: Run) -> Run:
    """It ended well, as nobody disturbed it."""
    assert run.code == 0, f"exit {run.code}\n{run.out[-2000:]}\n{run.err[-2000:]}"
    return run


_STEPS: Mapping[str, tuple[str, int, tuple[str, ...]]] = {
    "one": ("empty", 1, ("deploy", "-y")),
    "two": ("one", 2, ("deploy", "-y")),
    "three": ("two", 3, ("deploy", "-y")),
    "canary": ("one", 2, ("start-canary", "-y", "--percent", "30")),
    "bare": ("empty", 1, ("deploy", "-y")),
    "simple": ("one", 1, ("sync-dns", "-y")),
    "two-names": ("one", 1, ("sync-dns", "-y")),
}


def _bare(ground: Ground) -> None:
    """Without a domain, whose zone is there all the same."""
    zone = ground.project.spec["domain"]["zone"]
    ground.client("route53", WEST).create_hosted_zone(Name=zone, CallerReference=zone)
    _with_spec(ground, lambda spec: spec.pop("domain"))


_PREPARED: Mapping[str, Callable[[Ground], None]] = {
    "bare": _bare,
    "simple": lambda ground: _with_spec(ground, _simple),
    "two-names": lambda ground: _with_spec(ground, _two_names),
}
"""What is done before a base's command, where its spec is not the project's."""
