"""Commands in hints, as they have to be typed to reach the AWS that this command reached."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_AWS = re.compile(r"\baws (?=(?:apigateway|dynamodb|events|iam|lambda|logs|scheduler|sts) [a-z-]+)")
_NEVER = re.compile(r"(?!)")


@dataclass(slots=True)
class _Aim:
    """What to put into hints.

    Attributes:
        commands: what is a command and no other word. options: what stands before it, with a space behind.
        endpoint: for AWS's own command line; empty for AWS itself.
    """

    commands: re.Pattern[str] = _NEVER
    options: str = ""
    endpoint: str = ""


_aim = _Aim()


def aim(commands: Iterable[str], options: str, *, endpoint: str = "") -> None:
    """From now on hints carry these options.

    Args:
        commands: names of the commands that take them.
        options: such as "--sandbox"; empty for none.
        endpoint: the URL that AWS's own command line needs; empty for none.
    """
    names = "|".join(re.escape(name) for name in sorted(commands, key=len, reverse=True))
    _aim.commands = re.compile(rf"\bbackendctl (?=(?:{names})(?![\w-]))") if options else _NEVER
    _aim.options = f"{options} "
    _aim.endpoint = endpoint


def runnable(text: str) -> str:
    """The text with those options in every command it names."""
    text = _aim.commands.sub(f"backendctl {_aim.options}", text)
    return _AWS.sub(f"aws --endpoint-url {_aim.endpoint} ", text) if _aim.endpoint else text
