"""The table of cases that cannot match, `differences.yaml`: kind, service, case -> reason."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml

from tests.conformance.recorded import Case

Kind = Literal["differing", "not covered"]
TABLE: dict[Kind, dict[str, dict[str, str]]] = yaml.safe_load(
    (Path(__file__).parent / "differences.yaml").read_text(encoding="utf-8")
)


def reason(kind: Kind, case: Case) -> str | None:
    """Why a case does not match, None when it is not listed."""
    return TABLE[kind].get(case.service, {}).get(case.name)


def is_listed(case: Case) -> bool:
    return reason("differing", case) is not None or reason("not covered", case) is not None
