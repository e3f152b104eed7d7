"""What runs, as AWS tells it now."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from backendctl.aws.connection import Access, Aws
from backendctl.release import running
from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_record import Event, Record
from tests.unit.resources.lambda_helpers import EAST, emulated


def test_who_looks_again_sees_the_releases_that_somebody_else_has_made_since() -> None:
    entry = Record(index=1, number=1, event=Event.DEPLOY, token="3f2a1c9d", targets=("prodv1",), regions=(EAST,))
    with emulated() as aws:
        assert release_log.read(aws, EAST).top == 0
        other = Aws(Access(keys=("testing", "testing"), time_scale=0.0), backend=aws.backend)
        release_log.claim(other, EAST, entry)
        backend: Any = SimpleNamespace(aws=aws, spec=SimpleNamespace(api=None, functions_in=lambda _: ()))
        assert list(running._in_region(backend, EAST, ())) == []  # one region's part of `serving`
        assert release_log.read(aws, EAST).top == 1
