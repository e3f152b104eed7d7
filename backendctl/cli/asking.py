"""Questions that signing in may bring, such as an MFA code."""

from __future__ import annotations

import sys

import click

from backendctl.aws.signing_in import refuse_to_prompt
from backendctl.ui.moving import paused


def ask_for_code(question: str) -> str:
    """Ask on the terminal, with nothing drawn over the question.

    Raises:
        UsageError: stdin is not a TTY.
    """
    if not sys.stdin.isatty():
        return refuse_to_prompt(question)
    with paused():
        answer: str = click.prompt(question.strip().rstrip(":"), hide_input=True, err=True)
    return answer
