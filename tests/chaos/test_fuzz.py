"""A seeded sample of `python -m tests.chaos.fuzz`, and that the harness finds what it looks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from backendctl.errors import BackendctlError
from backendctl.resources.ssm import drain_mark
from backendctl.resources.ssm.release_record import decode
from tests.chaos import fuzz as harness
from tests.chaos import fuzz_targets
from tests.chaos.fuzz_targets import IN_JSON, TARGETS, Ground


def test_no_input_of_a_sample_ends_in_a_traceback_or_takes_long(tmp_path: Path) -> None:
    figures = harness.fuzz(count=150, seed=20261128, folder=tmp_path)
    assert sum(figures.ends.values()) == 150
    assert figures.crashes == {}, figures.told()


def test_the_same_seed_makes_the_same_inputs(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = (harness.fuzz(count=18, seed=3, folder=tmp_path / name).ends for name in ("a", "b"))
    assert first == second
    assert {end for _, end in first} == {"well", "refused"}


def test_every_sample_is_good_before_it_is_broken(tmp_path: Path) -> None:
    ground = Ground.laid_out(tmp_path)
    assert decode(1, json.dumps(fuzz_targets._RELEASE)) is not None
    assert drain_mark.decoded("us-east-1", json.dumps(fuzz_targets._MARK)) is not None
    for name in ("spec", "config", "release", "answer", "notes", "policy", "prices", "summary", "ping"):
        for _, document in ground.samples[name]:
            written = json.dumps(document) if name in IN_JSON else yaml.safe_dump(document)
            TARGETS[name](ground, written.encode())


def test_a_crash_and_a_hang_are_found_and_a_refusal_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ground: object, body: bytes) -> None:
        del ground
        if len(body) % 3 == 0:
            raise BackendctlError("refused")
        if len(body) % 3 == 1:
            raise KeyError("x")
        while True:
            pass

    monkeypatch.setitem(TARGETS, "config", broken)
    monkeypatch.setattr(harness, "LIMIT", 0.05)
    figures = harness.fuzz(count=12, seed=1, folder=tmp_path, targets=("config",))
    assert {kind.split()[1] for kind in figures.crashes} == {"KeyError", "TookTooLong"}
    assert figures.ends["config", "refused"] + figures.crashed == 12
