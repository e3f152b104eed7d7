"""What the command line says of a month's traffic; every fault in it is collected, none is raised alone."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from backendctl.errors import Fault
from backendctl.nearest import nearest
from backendctl.spec.report import listed

CLASSIC_MS = 100.0
"""What an invocation takes unless something is said: the smallest unit Lambda once billed."""
_NUMBER = re.compile(r"(?P<number>[0-9][0-9_,]*(?:\.[0-9]+)?|\.[0-9]+)(?P<scale>[kKmMbB]?)")
_MILLISECONDS = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>ms|s)?")
_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_ITEM_KEYS = ("gb", "kb", "reads", "strong-reads", "writes")
COMMAND_LINE = "command line"


@dataclass(frozen=True, kw_only=True, slots=True)
class Items:
    """Of one table, over all regions, a month.

    Attributes:
        gb: stored per region. kb: of one item.
        reads: eventually consistent. strong_reads: strongly consistent. writes: of items.
    """

    gb: float = 0.0
    kb: float = 1.0
    reads: float = 0.0
    strong_reads: float = 0.0
    writes: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What was said.

    Attributes:
        requests: to the API, over all regions; "" is the total, the others are of one region or function.
        ms: billed per invocation; "" is for every function without its own.
        items: by table. answer_kb, log_kb: None is not known.
    """

    requests: Mapping[str, float] = field(default_factory=dict)
    ms: Mapping[str, float] = field(default_factory=dict)
    ping_ms: float = CLASSIC_MS
    items: Mapping[str, Items] = field(default_factory=dict)
    answer_kb: float | None = None
    log_kb: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What the spec names. routed: the functions that requests to the API reach."""

    regions: Sequence[str]
    functions: Sequence[str]
    tables: Sequence[str]
    routed: Sequence[str]


def number(text: str) -> float:
    """`10M`, `2.5k`, `1_000_000`.

    Raises:
        ValueError: with what is wrong, ready to follow the option's name.
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        if text.strip().startswith("-"):
            raise ValueError(f"'{text}' is negative")
        raise ValueError(f"'{text}' is not a number; write 250000, 250k, 10M or 1.5B")
    value = float(found["number"].replace("_", "").replace(",", "")) * _SCALES[found["scale"].lower()]
    if not math.isfinite(value):
        raise ValueError(f"'{text}' is too large")
    return value


def milliseconds(text: str) -> float:
    """`120`, `120ms`, `1.5s`.

    Raises:
        ValueError: as `number` does.
    """
    found = _MILLISECONDS.fullmatch(text.strip())
    if found is None:
        what = "negative" if text.strip().startswith("-") else "not a duration; write 120 (milliseconds) or 1.5s"
        raise ValueError(f"'{text}' is {what}")
    return float(found["number"]) * (1000 if found["unit"] == "s" else 1)


class Reading:
    """Reads options against the names of the spec. names: None while the spec itself is faulty."""

    def __init__(self, names: Names | None) -> None:
        self._names = names
        self.faults: list[Fault] = []

    def fault(self, option: str, message: str) -> None:
        """Note one fault of an option."""
        self.faults.append(Fault(file=COMMAND_LINE, line=0, column=0, message=f"{option}: {message}"))

    def regions(self, regions: Iterable[str]) -> None:
        """--region."""
        for region in regions:
            self._is_known("--region", region, self._names.regions if self._names else None, "region")

    def narrow(self, names: Names) -> None:
        """From now on only these names are known."""
        self._names = names

    def one(self, option: str, text: str | None, convert: Callable[[str], float]) -> float | None:
        """A single value; None when it was not given or is faulty."""
        if text is None:
            return None
        try:
            return convert(text)
        except ValueError as error:
            self.fault(option, str(error))
            return None

    def requests(self, texts: Iterable[str]) -> dict[str, float]:
        """`N`, `REGION=N` or `FUNCTION=N`."""
        names = [*self._names.regions, *self._names.functions] if self._names else None
        found = self._named("--requests", texts, names, "region or function", number)
        if self._names is not None and not self.faults:
            self._fit(found, self._names)
        return found

    def _fit(self, found: Mapping[str, float], names: Names) -> None:
        """The parts must go into the total, and the total into the parts."""
        own = {region: found[region] for region in names.regions if region in found}
        if "" in found and own:
            rest = found[""] - sum(own.values())
            if rest < 0:
                self.fault("--requests", f"the regions named have {-rest:,.0f} more than the total")
            elif rest > 0 and len(own) == len(names.regions):
                self.fault("--requests", f"every region is named, and {rest:,.0f} of the total are in none of them")
        total = found.get("", sum(own.values()))
        functions = sum(found[name] for name in names.routed if name in found)
        if functions > total and ("" in found or own):
            self.fault("--requests", f"the functions named have {functions - total:,.0f} more than the total")

    def durations(self, texts: Iterable[str]) -> dict[str, float]:
        """`MS` or `FUNCTION=MS`."""
        names = self._names.functions if self._names else None
        return self._named("--duration", texts, names, "function", milliseconds)

    def _named(
        self,
        option: str,
        texts: Iterable[str],
        names: Sequence[str] | None,
        kind: str,
        convert: Callable[[str], float],
    ) -> dict[str, float]:
        found: dict[str, float] = {}
        for text in texts:
            name, equals, value = text.rpartition("=")
            if equals and not self._is_known(option, name, names, kind):
                continue
            if name in found:
                self.fault(option, f"'{name}' is given twice" if name else "the total is given twice")
            try:
                found[name] = convert(value)
            except ValueError as error:
                self.fault(option, f"{name + ' ' if name else ''}{error}")
        return found

    def _is_known(self, option: str, name: str, names: Sequence[str] | None, kind: str) -> bool:
        if names is None or name in names:
            return True
        near = nearest(name, names) or f"; it names {listed(names)}"
        self.fault(option, f"the spec names no {kind} '{name}'{near}")
        return False

    def items(self, texts: Iterable[str]) -> dict[str, Items]:
        """`TABLE:gb=2,kb=1.5,reads=5M,strong-reads=1M,writes=1M`."""
        found: dict[str, Items] = {}
        for text in texts:
            table, colon, settings = text.partition(":")
            if not colon or not settings:
                self.fault("--items", f"'{text}' is not of the form TABLE:gb=2,kb=1,reads=5M,writes=1M")
            elif self._is_known("--items", table, self._names.tables if self._names else None, "table"):
                if table in found:
                    self.fault("--items", f"'{table}' is given twice")
                found[table] = self._items(table, settings)
        return found

    def _items(self, table: str, settings: str) -> Items:
        values: dict[str, float] = {}
        for setting in settings.split(","):
            key, equals, text = setting.strip().partition("=")
            if key not in _ITEM_KEYS or not equals:
                near = nearest(key, _ITEM_KEYS) or f"; it takes {listed(_ITEM_KEYS)}"
                self.fault("--items", f"{table}: '{setting}' is not a setting{near}")
                continue
            if key.replace("-", "_") in values:
                self.fault("--items", f"{table}: '{key}' is given twice")
            try:
                values[key.replace("-", "_")] = number(text)
            except ValueError as error:
                self.fault("--items", f"{table}: {key} {error}")
        return Items(**values)
