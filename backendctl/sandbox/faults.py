"""Faults on demand: which calls shall fail, how, and how often; the registry and its control endpoint."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from backendctl.sandbox.http import Request, Response

PATH = "/_sandbox/faults"
_ALL = 100.0
_OK, _CREATED, _BAD, _MISSING, _METHOD = 200, 201, 400, 404, 405


class Effect(StrEnum):
    """What becomes of a call that is hit."""

    ERROR = "error"
    UNAVAILABLE = "unavailable"
    THROTTLED = "throttled"
    LIMIT = "limit"
    RESET = "reset"
    SLOW = "slow"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request as faults see it.

    Attributes:
        service: signing name, or "execute-api".
        region: "global" for services which have none.
        traffic: it comes from an API's caller or from a handler, not from whoever runs the backend.
    """

    service: str
    operation: str
    region: str
    traffic: bool


@dataclass(kw_only=True, slots=True)
class Fault:
    """One fault, until it is cleared or has struck often enough.

    Attributes:
        service, operation, region: shell patterns, any case.
        percent: of the calls that fit.
        times: how often at most; None means for ever.
        after: the work is done first, and only its answer is lost.
        seconds: by which a slow call is late; real ones.
        traffic: whether it hits requests to the APIs, and what handlers call, as well.
        seed: of the dice; the same seed hits the same calls of the same sequence.
        seen, struck: how many calls fitted, and how many were hit.
    """

    id: str
    effect: Effect
    service: str = "*"
    operation: str = "*"
    region: str = "*"
    percent: float = _ALL
    times: int | None = None
    after: bool = False
    seconds: float = 0.0
    traffic: bool = False
    seed: int = 0
    seen: int = 0
    struck: int = 0
    _dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - no secret

    def strikes(self, call: Call) -> bool:
        """Whether this call is hit; counts it."""
        if self.spent or not self._fits(call):
            return False
        self.seen += 1
        hit = self._dice.random() * _ALL < self.percent
        self.struck += hit
        return hit

    @property
    def spent(self) -> bool:
        """It has struck as often as it was to."""
        return self.times is not None and self.struck >= self.times

    def _fits(self, call: Call) -> bool:
        if call.traffic and not self.traffic:
            return False
        pairs = ((self.service, call.service), (self.operation, call.operation), (self.region, call.region))
        return all(fnmatchcase(word.lower(), pattern.lower()) for pattern, word in pairs)

    def document(self) -> dict[str, Any]:
        """As JSON says it."""
        return {name: getattr(self, name) for name in _SHOWN}


_SHOWN = tuple(entry.name for entry in fields(Fault) if not entry.name.startswith("_"))
_TYPES: dict[str, tuple[type, ...]] = {
    "service": (str,),
    "operation": (str,),
    "region": (str,),
    "percent": (int, float),
    "times": (int, type(None)),
    "after": (bool,),
    "seconds": (int, float),
    "traffic": (bool,),
    "seed": (int, type(None)),
}
_GIVEN = {entry.name: entry.default for entry in fields(Fault) if entry.name in _TYPES} | {"seed": None}


@dataclass(kw_only=True, slots=True)
class Faults:
    """All faults there are now; they end with the sandbox."""

    _active: dict[str, Fault] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __len__(self) -> int:
        return sum(not fault.spent for fault in self._active.values())

    @property
    def meet_traffic(self) -> bool:
        """Whether any of them hits traffic."""
        return any(fault.traffic and not fault.spent for fault in self._active.values())

    def hitting(self, call: Call) -> list[Fault]:
        """Those which hit this call: the slow ones, and at most one that spoils it, which comes last."""
        hits: list[Fault] = []
        for fault in sorted(self._active.values(), key=lambda one: one.effect is not Effect.SLOW):
            if fault.strikes(call):
                hits.append(fault)
                if fault.effect is not Effect.SLOW:
                    break
        return hits

    def add(self, wanted: dict[str, Any]) -> Fault:
        """A new fault.

        Raises:
            ValueError: it makes no sense; the message says why.
        """
        settings = _checked(wanted)
        seed = settings.pop("seed")
        fault = Fault(
            id=f"f{next(self._numbers)}",
            effect=Effect(wanted["effect"]),
            seed=random.SystemRandom().randrange(10**6) if seed is None else seed,
            **settings,
        )
        self._active[fault.id] = fault
        return fault

    def control(self, request: Request) -> Response:
        """GET lists, POST adds, DELETE clears all or, by id, one."""
        name = request.path.removeprefix(PATH).strip("/")
        match request.method:
            case "GET" if not name:
                return Response.of_json({"faults": [fault.document() for fault in self._active.values()]}, status=_OK)
            case "POST" if not name:
                return self._post(request)
            case "DELETE":
                return self._delete(name)
        return Response.of_json({"message": f"{request.method} is not for {request.path}"}, status=_METHOD)

    def _post(self, request: Request) -> Response:
        try:
            fault = self.add(request.json())
        except (ValueError, json.JSONDecodeError) as problem:
            return Response.of_json({"message": str(problem)}, status=_BAD)
        return Response.of_json(fault.document(), status=_CREATED)

    def _delete(self, name: str) -> Response:
        if name and name not in self._active:
            return Response.of_json({"message": f"there is no fault {name}"}, status=_MISSING)
        gone = [self._active.pop(key) for key in ([name] if name else list(self._active))]
        return Response.of_json({"faults": [fault.document() for fault in gone]})


def _checked(wanted: Any) -> dict[str, Any]:
    if not isinstance(wanted, dict) or wanted.get("effect") not in list(Effect):
        raise ValueError(f"`effect` must be one of {', '.join(Effect)}")
    unknown = set(wanted) - set(_TYPES) - {"effect"}
    if unknown:
        raise ValueError(f"nothing is known of {', '.join(sorted(unknown))}")
    settings = _GIVEN | {name: value for name, value in wanted.items() if name != "effect"}
    for name, value in settings.items():
        if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and bool not in _TYPES[name]):
            raise ValueError(f"`{name}` cannot be {value!r}")
    if not 0 < settings["percent"] <= _ALL:
        raise ValueError("`percent` is more than 0 and at most 100")
    if settings["times"] is not None and settings["times"] < 1:
        raise ValueError("`times` is at least 1")
    if (wanted["effect"] == Effect.SLOW) != (settings["seconds"] > 0):
        raise ValueError("`seconds` above 0 goes with `slow`, and with nothing else")
    if wanted["effect"] == Effect.SLOW and settings["after"]:
        raise ValueError("a slow call is late before its work; `after` goes with what spoils a call")
    return settings
