"""Commands in hints, as they have to be typed to reach what this command reached."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_AWS = re.compile(r"\baws (?=(?:acm|apigateway|dynamodb|events|iam|lambda|logs|scheduler|sts) [a-z-]+)")
_NEVER = re.compile(r"(?!)")


@dataclass(slots=True)
class _Aim:
    """What to put into hints.

    Attributes:
        commands: what is a command and no other word. options: what stands before it. spec: what stands after it.
        without_spec: the commands that take none. aws: what AWS's own command line needs, with a space behind.
    """

    commands: re.Pattern[str] = _NEVER
    options: str = ""
    spec: str = ""
    without_spec: frozenset[str] = frozenset()
    aws: str = ""


_aim = _Aim()


def aim(
    commands: Iterable[str], options: Sequence[str] = (), *, spec: str = "", without_spec: Iterable[str] = ()
) -> None:
    """From now on hints carry what the user typed.

    Args:
        commands: names of the commands that take these options.
        options: such as ["--sandbox", "--port", "4700"].
        spec: the SPEC that was typed; empty for none. without_spec: the commands that take no SPEC.
    """
    names = "|".join(re.escape(name) for name in sorted(commands, key=len, reverse=True))
    said = bool(options or spec)
    _aim.commands = re.compile(rf"\bbackendctl ({names})(?![\w-])") if said else _NEVER
    _aim.options = "".join(f"{shlex.quote(word)} " for word in options)
    _aim.spec = f" {shlex.quote(spec)}" if spec else ""
    _aim.without_spec = frozenset(without_spec)
    _aim.aws = ""


def aim_aws(*, endpoint: str = "", profile: str = "") -> None:
    """From now on hints for AWS's own command line carry these.

    Args:
        endpoint: a URL; empty for AWS itself. profile: empty for the default one.
    """
    given = [("--endpoint-url", endpoint), ("--profile", profile)]
    _aim.aws = "".join(f"{option} {shlex.quote(value)} " for option, value in given if value)


def runnable(text: str) -> str:
    """The text with those options in every command it names."""
    text = _aim.commands.sub(_command, text)
    return _AWS.sub(f"aws {_aim.aws}".replace("\\", r"\\"), text) if _aim.aws else text


def _command(found: re.Match[str]) -> str:
    spec = "" if found[1] in _aim.without_spec else _aim.spec
    return f"backendctl {_aim.options}{found[1]}{spec}"
