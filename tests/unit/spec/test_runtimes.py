"""What AWS announced about runtimes is told, with a way past a table that may be old."""

from __future__ import annotations

from datetime import date

import pytest

from backendctl.spec.runtimes import fault, warning

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("name", "today", "refused", "warned"),
    [
        ("python3.13", TODAY, "", ""),
        ("java25", TODAY, "", ""),
        ("python3.15", TODAY, "", ""),
        ("python3.9", TODAY, "", "has had no support since 2025-12-15; updates end on 2027-08-31"),
        ("python3.7", TODAY, "", "creates no new functions with the runtime 'python3.7' since 2024-01-09"),
        ("python3.6", TODAY, "takes no updates of functions with the runtime 'python3.6' since 2022-08-29", None),
        ("python3.9", date(2027, 8, 31), "since 2027-08-31", None),
        ("python3.9", date(2027, 8, 30), "", None),
        (
            "pyhton3.13",
            TODAY,
            "",
            "'pyhton3.13' is not a known runtime as of 2026-10-31; did you mean",
        ),
        ("nodejs22", TODAY, "", "did you mean 'nodejs22.x'?"),
        ("cobol85", TODAY, "", "known runtime as of 2026-10-31"),
    ],
)
def test_the_dates_of_a_runtime_decide(name: str, today: date, refused: str, warned: str | None) -> None:
    told = fault(name, today)
    assert refused in told
    assert bool(told) is bool(refused)
    if warned is not None:
        assert warned in warning(name, today)
        assert bool(warning(name, today)) is bool(warned)


def test_a_fault_names_the_option_that_overrides_it() -> None:
    assert fault("nodejs12.x", TODAY).endswith("--allow-runtime nodejs12.x")
    assert fault("nodejs12.x", TODAY, allowed=("nodejs12.x",)) == ""
    assert fault("nodejs12.x", TODAY, allowed=("nodejs10.x",)) != ""
