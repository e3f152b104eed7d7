"""The README says what is so: its commands exist, and CI runs the one that it gives for the tests."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from backendctl.cli.catalogue import entries
from backendctl.cli.main import cli
from backendctl.errors import Exit
from backendctl.spec import parse
from backendctl.spec.config import load_config

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_ci_runs_the_command_that_the_readme_gives_for_the_tests() -> None:
    command = next(line.strip() for line in README.splitlines() if "pytest" in line)
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert command in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_every_command_is_in_the_readme() -> None:
    table = README.partition("## Commands")[2].partition("\n## ")[0]
    assert {name for name in entries() if f"`{name}" not in table} == set()


@pytest.mark.parametrize("line", re.findall(r"^ {4}backendctl .*", README, flags=re.MULTILINE))
def test_a_command_line_of_the_readme_is_understood(line: str) -> None:
    words = line.partition("#")[0].split()[1:]
    words = words[: words.index("&&")] if "&&" in words else words
    assert CliRunner().invoke(cli, [*words, "--help"]).exit_code == 0


@pytest.mark.parametrize("name", list(entries()))
def test_a_command_says_what_it_does_and_explains_every_option(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_every_exit_code_is_in_the_readme() -> None:
    table = README.partition("| exit |")[2].partition("\n\n")[0]
    told = {int(number) for number in re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE)}
    assert told == set(Exit)


def test_every_variable_is_in_the_readme_and_no_other() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "backendctl").rglob("*.py"))
    used = set(re.findall(r"\bBACKENDCTL_[A-Z][A-Z_]*[A-Z]\b", code))
    assert set(re.findall(r"`(BACKENDCTL_[A-Z_]+)`", README)) == used


def test_the_specs_and_configs_of_the_readme_are_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs").mkdir()
    (tmp_path / "orders").mkdir()
    for name in ("mail.zip", "billing/build/libs/billing.jar"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    blocks = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        path = tmp_path / "specs" / "block.yaml"
        path.write_text(block, encoding="utf-8")
        if block.startswith("backend:"):
            parse(path)
        else:
            load_config(path, {}).for_environment("prod")


@pytest.mark.parametrize("name", [name for name in entries() if name != "sandbox"])
def test_every_command_takes_the_options_that_the_readme_says_it_takes(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    taken = {option for parameter in command.params for option in parameter.opts}
    assert {"--output", "--region", "--sandbox", "--timeout", "--quiet", "--verbose"} <= taken


def test_the_table_of_options_says_who_takes_them() -> None:
    table = README.partition("| option | of |")[2].partition("\n\n")[0]
    rows = [row.split("|") for row in table.splitlines() if row.startswith("| `--")]
    assert rows
    for _, options, commands, _ in rows:
        told = set(re.findall(r"`([a-z-]+)`", commands))
        for option in re.findall(r"--[a-z-]+", options):
            taking = {
                name
                for name in entries()
                if (command := cli.get_command(click.Context(cli), name)) is not None
                and any(option in parameter.opts for parameter in command.params)
            }
            assert told == taking - {"sandbox"}, option
