"""What is wrong with something a caller wrote."""

from __future__ import annotations


class PatternError(Exception):
    """A filter pattern that CloudWatch Logs refuses, or that the sandbox does not know; the text says which."""
