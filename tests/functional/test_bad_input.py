"""What is wrong is said at once, in words, with a place and a next step, before AWS is touched."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backendctl.cli.main import cli, run
from backendctl.package import DIRECT_LIMIT
from tests.functional.project import SCOPES, Project, Result, dedent, environment, make_project
from tests.functional.proxy import Answer, Call, Proxy, proxying
from tests.functional.rights import scope_of
from tests.functional.sandboxed import ACCOUNT, EAST, WEST, Sandbox

FAULT = re.compile(r"^\S+:\d+:\d+: .+$", re.MULTILINE)
NOBODY = {
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AWS_EC2_METADATA_DISABLED": "true",
}
SECRET = "s3cr3t-4f1d9c"
TEN_FAULTS = """
    backend: Corkhounds
    regions: [us-east-1, us-wset-2]
    functions:
      one:
        code: functions/one
        runtime: python3.13
        handler: app.handler
        memroy: 512
        timeout: 1000
        environment: {AWS_REGION: here}
    tables:
      things:
        key: {hash: id}
        billing: on-demnad
        ttl: [expires]
    role: admin
    tabels: {}
"""


@dataclass(frozen=True, kw_only=True)
class CommandLine:
    """backendctl in a folder, with dummy credentials for an AWS of the test's own."""

    folder: Path
    aws: Proxy

    def write(self, name: str, text: str) -> Path:
        """A file of the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        return path

    def __call__(self, *arguments: str, expect: int) -> Result:
        out, err = io.StringIO(), io.StringIO()
        line = [*arguments, "--endpoint-url", self.aws.url]
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(lambda: cli.main(args=line, prog_name="backendctl", standalone_mode=False))
        specs = [Path(word) for word in arguments if word.endswith("spec.yaml")]
        SCOPES.extend(scope for spec in specs if (scope := scope_of(spec)) is not None)
        assert code == expect, f"{out.getvalue()}\n{err.getvalue()}"
        return Result(code=code, out=out.getvalue(), err=err.getvalue())

    def faults(self, *arguments: str) -> list[str]:
        """The faults that a deploy finds; AWS must not hear of it."""
        result = self("deploy", "spec.yaml", "-y", *arguments, expect=64)
        assert self.aws.calls == []
        assert result.out == ""
        return FAULT.findall(result.err)


def refuse(_: Call) -> Answer:
    """An AWS that is not to be asked."""
    return Answer(status=400, body="nobody should ask")


@pytest.fixture
def backendctl(tmp_path: Path) -> Iterator[CommandLine]:
    """An AWS that refuses everything, and keeps what was asked."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIDANYTHING", "AWS_SECRET_ACCESS_KEY": "y", "XDG_STATE_HOME": str(tmp_path)}
    with environment(**NOBODY, **keys), proxying(Proxy(upstream=None, before=refuse)) as aws:
        yield CommandLine(folder=tmp_path, aws=aws)


@pytest.fixture
def sound(backendctl: CommandLine) -> Project:
    """A spec with nothing wrong, in the folder of the command line."""
    return make_project(backendctl.folder, name="sound", port=backendctl.aws.port, regions=[EAST, WEST])


def test_ten_faults_are_ten_lines_and_no_call(backendctl: CommandLine) -> None:
    backendctl.write("spec.yaml", TEN_FAULTS)
    backendctl.write("functions/one/app.py", "def handler(event, context): ...")
    faults = backendctl.faults()
    places = [fault.split(":", 3)[:3] for fault in faults]
    where = [(1, 10), (2, 22), (8, 5), (9, 14), (10, 19), (13, 17), (14, 14), (15, 10), (16, 7), (17, 1)]
    assert places == [["spec.yaml", f"{line}", f"{column}"] for line, column in where]


def test_an_unknown_key_gets_the_nearest_word(backendctl: CommandLine) -> None:
    backendctl.write("spec.yaml", TEN_FAULTS)
    faults = backendctl.faults()
    for word in ("us-west-2", "memory", "on-demand", "tables"):
        assert any(f"did you mean '{word}'?" in fault for fault in faults)


def test_a_missing_code_folder_is_a_fault_at_its_line(backendctl: CommandLine, sound: Project) -> None:
    sound.spec["functions"]["one"]["code"] = "functions/nowhere"
    sound.save()
    (fault,) = backendctl.faults()
    line = (backendctl.folder / "spec.yaml").read_text().splitlines()[int(fault.split(":")[1]) - 1]
    assert "functions/nowhere" in line
    assert "functions/nowhere" in fault


def test_a_missing_handler_is_a_fault(backendctl: CommandLine, sound: Project) -> None:
    sound.spec["functions"]["one"]["handler"] = "app.handle"
    sound.save()
    (fault,) = backendctl.faults()
    assert "'app.handle'" in fault or "handle" in fault.split(": ", 1)[1]


def make_archive(path: Path, size: int) -> None:
    """A zip of exactly that many bytes."""
    _packed(path, size - _packed(path, 0))
    assert path.stat().st_size == size


def _packed(path: Path, padding: int) -> int:
    with zipfile.ZipFile(path, "w") as zipped:
        for name, content in {"app.py": b"def handler(event, context): ...\n", "padding": bytes(padding)}.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o644 << 16  # zipfile's own choice, 0600, Lambda's user could not read
            zipped.writestr(info, content)
    return path.stat().st_size


def test_an_archive_at_the_limit_without_a_bucket_is_a_fault(backendctl: CommandLine, sound: Project) -> None:
    make_archive(backendctl.folder / "one.zip", DIRECT_LIMIT)
    sound.spec["functions"]["one"]["code"] = "one.zip"
    sound.save()
    (fault,) = backendctl.faults()
    assert f"{DIRECT_LIMIT} bytes" in fault
    assert "bucket" in fault


def test_an_archive_just_under_the_limit_is_valid(backendctl: CommandLine, sound: Project) -> None:
    make_archive(backendctl.folder / "one.zip", DIRECT_LIMIT - 1)
    sound.spec["functions"]["one"]["code"] = "one.zip"
    sound.save()
    assert "is valid" in backendctl("validate", "spec.yaml", expect=0).out


def test_a_definition_that_does_not_parse_is_a_fault_in_that_file(backendctl: CommandLine, sound: Project) -> None:
    sound.save()
    backendctl.write("api.yaml", "openapi: 3.0.1\npaths:\n  /one: [get\n  /two: {}\n")
    (fault,) = backendctl.faults()
    assert re.match(r"\S*api\.yaml:[34]:\d+: ", fault)


def test_a_definition_that_calls_an_unknown_function_is_a_fault_with_the_nearest_name(
    backendctl: CommandLine, sound: Project
) -> None:
    sound.routes["/three"] = "tow"
    sound.spec["api"]["stages"]["prodv1"]["variables"]["towAlias"] = "version1"
    sound.save()
    faults = backendctl.faults()
    assert [fault for fault in faults if "GET /three" in fault and "did you mean 'sound-two'?" in fault]
    assert all(re.match(r"\S*api\.yaml:\d+:\d+: ", fault) for fault in faults)


def test_a_stage_without_a_variable_that_the_definition_uses_is_a_fault(
    backendctl: CommandLine, sound: Project
) -> None:
    del sound.spec["api"]["stages"]["prodv1"]["variables"]["twoAlias"]
    sound.save()
    assert [fault for fault in backendctl.faults() if "'prodv1' has no variable 'twoAlias'" in fault]


def test_a_spec_that_is_not_there_is_said_in_one_line(backendctl: CommandLine) -> None:
    result = backendctl("plan", "nowhere.yaml", expect=64)
    assert "nowhere.yaml" in result.err
    assert "no such file" in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["depoly", "spec.yaml"], "did you mean 'deploy'?"),
        (["deploy", "spec.yaml", "--fast"], "No such option"),
        (["plan", "spec.yaml", "-o", "xml"], "'xml'"),
        (["plan", "spec.yaml", "-r", "eu-north-1"], f"the spec names {EAST}, {WEST}"),
        (["deploy", "spec.yaml", "--max-parallel", "0"], "--max-parallel"),
        (["plan", "spec.yaml", "--environment", "live"], "'live'"),
        (["plan"], "SPEC"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_64_and_no_call(
    arguments: list[str], said: str, backendctl: CommandLine, sound: Project
) -> None:
    sound.save()
    result = backendctl(*arguments, expect=64)
    assert said in result.err
    assert "Traceback" not in result.err
    assert backendctl.aws.calls == []


def sts_says(status: int, code: str, message: str) -> Callable[[Call], Answer]:
    """An AWS whose STS refuses."""
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
    )
    return lambda _: Answer(status=status, body=body, headers={"Content-Type": "text/xml"})


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("ExpiredToken", "The security token included in the request is expired", "sign in again"),
        ("InvalidClientTokenId", "The security token included in the request is invalid", "not enabled"),
    ],
)
def test_when_aws_does_not_let_us_in_it_is_one_sentence_and_what_to_do(
    code: str, message: str, hint: str, backendctl: CommandLine, sound: Project
) -> None:
    sound.save()
    backendctl.aws.before = sts_says(403, code, message)
    result = backendctl("deploy", "spec.yaml", "-y", "-q", expect=1)
    error, what_next = result.err.splitlines()
    assert error == f"Error: get the caller identity in {EAST}: {code}: {message} (request r-1)"
    assert what_next.startswith("Next:  ")
    assert hint in what_next
    assert [call.operation for call in backendctl.aws.calls] == ["GetCallerIdentity"]


def test_without_credentials_it_is_one_sentence_and_what_to_do(sound: Project, tmp_path: Path) -> None:
    sound.save()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BACKENDCTL_"))}
    result = subprocess.run(
        [sys.executable, "-c", "from backendctl.cli.main import main; main()", "plan", "spec.yaml", "-q"],
        cwd=tmp_path,
        env=kept | NOBODY | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (1, "")
    error, what_next = result.stderr.splitlines()
    assert "there are no AWS credentials" in error
    assert "--sandbox" in what_next


def test_the_wrong_account_is_refused_before_anything_but_sts_is_asked(
    backendctl: CommandLine, sound: Project, sandbox: Sandbox
) -> None:
    sound.save()
    backendctl.write("config.yaml", "accounts: ['999999999999']\n")
    backendctl.aws.upstream = sandbox.url
    backendctl.aws.before = lambda _: None
    result = backendctl("deploy", "spec.yaml", "-y", expect=1)
    assert f"these credentials are for account {ACCOUNT}; config.yaml allows 999999999999" in result.err
    assert {call.service for call in backendctl.aws.calls} == {"sts"}


def test_without_a_terminal_and_without_yes_nothing_is_done(small: Project) -> None:
    result = small.run("deploy", expect=64)
    assert "--yes" in result.err
    assert "to create" in result.out
    assert small.functions(EAST) == []


def test_a_pattern_that_names_no_kind_is_64(small: Project) -> None:
    result = small.run("plan", "--only", "lambda/one", expect=64)
    assert "--only lambda/one: 'lambda' is not a kind of resource" in result.err
    assert "function" in result.err


@pytest.fixture
def small(new_project: Callable[..., Project]) -> Project:
    """One function in one region, with a secret in its environment; not deployed."""
    project = new_project(regions=[EAST])
    for part in ("api", "domain", "tables"):
        del project.spec[part]
    environment = {"TABLE": "none", "TOKEN": SECRET, "URL": f"https://u:{SECRET}@db.example/"}
    code = {"code": "functions/one", "runtime": "python3.13", "handler": "app.handler"}
    project.spec["functions"] = {"one": {**code, "environment": environment, "aliases": ["live"]}}
    project.save()
    return project


def everything_written(project: Project) -> str:
    """The journal of that sandbox."""
    folder = Path(os.environ["XDG_STATE_HOME"]) / "backendctl" / f"sandbox-{project.port}"
    return (folder / f"{project.name}.jsonl").read_text()


def test_a_secret_is_never_printed_nor_noted(small: Project) -> None:
    forms = ("text", "json", "markdown")
    commands = ["render", "plan", "status", "deploy -y", "destroy --dry-run"]
    told = []
    for number, form in enumerate(forms):
        small.spec["functions"]["one"]["environment"]["TOKEN"] = f"{number}-{SECRET}"  # so that every deploy has work
        small.save()
        for command in commands:
            result = small.run(*command.split(), "-v", "-o", form)
            told.append((command, form, SECRET in result.out + result.err))
    assert [one for one in told if one[-1]] == []
    journal = everything_written(small)
    assert "lambda.CreateFunction" in journal
    assert SECRET not in journal


def test_a_changed_secret_is_a_change_that_is_not_shown(small: Project) -> None:
    small.deploy()
    small.spec["functions"]["one"]["environment"]["TOKEN"] = f"new-{SECRET}"
    small.save()
    for form in ("text", "json", "markdown"):
        result = small.run("plan", "-v", "-o", form)
        assert "TOKEN" in result.out
        assert SECRET not in result.out + result.err


TOO_LARGE = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
    f'exceeded the 4KB limit. String measured: {{"TOKEN":"{SECRET}"}}'
)
INVALID = f"1 validation error detected: Value '{{TOKEN={SECRET}}}' at 'environment.variables' failed to satisfy …"


@pytest.mark.parametrize("echo", [pytest.param(TOO_LARGE, marks=pytest.mark.full), INVALID])
def test_a_create_that_fails_does_not_tell_the_secret_although_aws_echoes_it(
    echo: str, small: Project, backendctl: CommandLine
) -> None:
    def refuse_functions(call: Call) -> Answer | None:
        if not call.operation.startswith("POST /2015-03-31/functions"):
            return None
        body = json.dumps({"message": echo})
        return Answer(status=400, body=body, headers={"x-amzn-ErrorType": "InvalidParameterValueException"})

    backendctl.aws.upstream, backendctl.aws.before = small.url, refuse_functions
    result = backendctl("deploy", str(small.folder / "spec.yaml"), "-y", "-v", expect=5)
    assert "create us-east-1/function/one: InvalidParameterValueException" in result.err
    journal = next(backendctl.folder.rglob("*.jsonl")).read_text()
    assert "InvalidParameterValueException" in journal
    assert SECRET not in result.out + result.err + journal
