"""What draws the samples of kills and races: the same in every run, unless another is asked for."""

from __future__ import annotations

import os

SEED = int(os.environ.get("BACKENDCTL_TEST_SEED") or 1)
"""A suite that is red has to be red again; `BACKENDCTL_TEST_SEED` takes other samples."""
