"""How a sandbox shall run, as flags and the environment ask."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from backendctl.sandbox.world import IDLE_MINUTES, MINUTE_SECONDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Requested:
    """Settings asked for; None is "as it is"."""

    time_scale: float | None
    quotas: bool | None
    token: bool | None
    idle_minutes: float | None
    minute_seconds: float | None
    iam: Path | None

    @classmethod
    def asked(
        cls, *, time_scale: float | None, quotas: bool | None, token: bool | None, iam: Path | None = None
    ) -> Self:
        """With what the environment says besides.

        Raises:
            ValueError: a variable is no number above 0; the message names it.
        """
        return cls(
            time_scale=time_scale,
            quotas=quotas,
            token=token,
            idle_minutes=_variable(IDLE_MINUTES),
            minute_seconds=_variable(MINUTE_SECONDS),
            iam=None if iam is None else iam.resolve(),
        )

    def other_than(
        self, *, time_scale: float, quotas: bool, token: bool, idle_minutes: float, minute_seconds: float, iam: str
    ) -> list[str]:
        """What a sandbox runs with that is not what was asked for, in words."""
        other = [f"time scale {time_scale:g}"] if self.time_scale not in {None, time_scale} else []
        if self.quotas not in {None, quotas}:
            other.append("quotas" if quotas else "no quotas")
        if self.token not in {None, token}:
            other.append("a required token" if token else "no token required")
        if self.idle_minutes not in {None, idle_minutes}:
            other.append(f"an idle time of {idle_minutes:g} minutes")
        if self.minute_seconds not in {None, minute_seconds}:
            other.append(f"minutes of {minute_seconds:g} s")
        if self.iam is not None and str(self.iam) != iam:
            other.append(f"the policy {iam}" if iam else "no policy")
        return other

    def flags(self) -> list[str]:
        """Of the server's command line; it reads the variables itself."""
        scaled = [] if self.time_scale is None else ["--time-scale", str(self.time_scale)]
        judged = [] if self.iam is None else ["--iam", str(self.iam)]
        return [*scaled, *(["--quotas"] if self.quotas else []), *judged]


def _variable(name: str) -> float | None:
    """A number above 0 from the environment; None when it is not set.

    Raises:
        ValueError: it is set to anything else.
    """
    text = os.environ.get(name)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise ValueError(f"{name} is {text!r}: it takes a number above 0")
    return number
