from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.functional.sandbox.runtimes import call, config, environments, packed, result

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CODE = """
import os
import sys

import boto3
import own
import shared


def handler(event, context):
    return {"mark": os.environ.get("MARK"), "imported": [own.NAME, shared.NAME], "path": sys.path}
"""


def test_a_function_runs_on_the_python_of_its_version_with_its_layers_and_boto3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "python3.99"
    program.parent.mkdir()
    answer = f'echo \'["{program}", "3.99"]\''
    program.write_text(f'#!/bin/sh\n[ "$1" = -c ] && {answer} && exit\nMARK=own exec {sys.executable} -S "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    code = packed({"app.py": CODE, "own.py": "NAME = 'own'", "shared.py": "NAME = 'of the archive'"})
    layer = packed({"python/shared.py": "NAME = 'of the layer'", "python/own.py": "NAME = 'of the layer'"})
    with environments(tmp_path) as kept:
        outcome, _ = call(kept, config("python3.99", Layers=[{"Arn": "one"}]), code, {}, [layer])
        seen = result(outcome)
        assert (seen["mark"], seen["imported"]) == ("own", ["own", "of the archive"])
        assert not [path for path in seen["path"] if path.endswith("backendctl/sandbox")]
        usual = result(call(kept, config("python3.98", Layers=[{"Arn": "one"}]), code, {}, [layer])[0])
        assert usual["mark"] is None, "there is no python3.98: the sandbox's own runs it"
