"""The table of cases that cannot match, `differences.yaml`: kind, service, case -> reason."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tests.conformance.recorded import Case
from tests.quick import read_yaml

Kind = Literal["differing", "not covered"]
TABLE: dict[Kind, dict[str, dict[str, str]]] = read_yaml(Path(__file__).parent / "differences.yaml")


def reason(kind: Kind, case: Case) -> str | None:
    """Why a case does not match, None when it is not listed."""
    return TABLE[kind].get(case.service, {}).get(case.name)


def is_listed(case: Case) -> bool:
    return reason("differing", case) is not None or reason("not covered", case) is not None
