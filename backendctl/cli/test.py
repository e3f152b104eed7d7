"""`backendctl test`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, without_spec
from backendctl.cli.result_files import check_writable, write_result
from backendctl.errors import Exit, UsageError
from backendctl.hints import runnable

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.cli.opening import Opened
    from backendctl.spec.model import Spec
    from backendctl.testing.model import Suite, TestRun


@click.command(name="test")
@click.argument("places", nargs=-1, metavar="[SPEC] [FILE|DIR]...", type=click.Path(path_type=Path))
@click.option(
    "--through",
    type=click.Choice(["method", "region", "public"]),
    help="API Gateway's test call, each region's own URL, or the public name [what the file says, else region].",
)
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the results as JUnit XML too.")
@click.option("--from-definition", is_flag=True, help="Write a first file from the definition's examples, and stop.")
@click.option(
    "--postman",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a Postman collection, and stop.",
)
@without_spec
def command(
    *,
    options: Options,
    places: tuple[Path, ...],
    through: str | None,
    junit: Path | None,
    from_definition: bool,
    postman: Path | None,
) -> int:
    """Send the requests of FILE in every region, and compare the responses with what is expected and with each other.

    FILE is SPEC's own `<spec>.tests.yaml` by default. Exit 0: all passed; 3: a response is not as expected, or the
    regions differ; 5: a region did not answer.
    """
    from backendctl.cli.opening import opened_api
    from backendctl.cli.releasing import tell_silent
    from backendctl.testing.model import Through
    from backendctl.testing.reading import files_of, is_spec, read_suites
    from backendctl.testing.run import run_tests

    specs = [place for place in places if place.is_file() and is_spec(place)]
    if len(specs) > 1:
        raise UsageError(f"more than one SPEC: {', '.join(map(str, specs))}")
    files = [place for place in places if place not in specs]
    options = replace(options, spec=specs[0] if specs else options.spec)
    spec = options.spec_path(options.load())
    if from_definition:
        return _first(spec, files)
    suites = read_suites(files_of(files, spec=spec), _offline(spec))
    for option, path in (("--junit", junit), ("--postman", postman)):
        if path is not None:
            check_writable(option, path)
    ready = opened_api(options)
    if postman is not None:
        return _postman(ready.backend, suites, postman)
    run = run_tests(ready.backend, suites, None if through is None else Through(through))
    _tell(ready, run)
    if junit is not None:
        from backendctl.testing.junit import junit as written

        write_result(junit, written(run))
    tell_silent(run.unreachable)
    return run.exit_code


def _offline(path: Path) -> Spec:
    """The spec as far as it goes without AWS; faults in it are told before those of tests."""
    from backendctl.app import refuse_live_definition
    from backendctl.spec import Offline, parse

    spec = parse(path, elsewhere=True).expand(Offline())
    refuse_live_definition(spec)
    if spec.api is None:
        raise UsageError(f"{path} has no API to test")
    return spec


def _tell(ready: Opened, run: TestRun) -> None:
    from backendctl.ui.tests_view import show_tests, tests_document, tests_markdown

    if ready.format == "json":
        click.echo(json.dumps(tests_document(run), indent=2))
    elif ready.format == "markdown":
        click.echo(tests_markdown(run))
    else:
        show_tests(run, ready.screen.result)


def _first(spec: Path, files: list[Path]) -> int:
    """Write a first file; it replaces none."""
    from backendctl.cli.code import tell_warnings
    from backendctl.spec import loader
    from backendctl.testing.from_definition import first_file
    from backendctl.testing.reading import default_file

    if len(files) > 1:
        raise UsageError("--from-definition writes one file")
    place = files[0] if files else default_file(spec)
    if place.exists():
        raise UsageError(f"{place} already exists", hint="name another file behind --from-definition, or remove it")
    read = _offline(spec)
    tell_warnings(read.deprecated)
    api = read.api
    if api is None:
        raise UsageError(f"{spec} has no API")
    text, count = first_file(loader.read(api.path).value, api.smoke)
    write_result(place, text)
    requests = "1 request" if count == 1 else f"{count} requests"
    click.echo(f"{requests}. Next: look at {place}, then {runnable('backendctl test')}", err=True)
    return Exit.OK


def _postman(backend: Backend, suites: list[Suite], place: Path) -> int:
    from backendctl.endpoints import endpoints
    from backendctl.testing.postman import collection

    urls = endpoints(backend.spec, backend.aws, endpoint_url=backend.settings.access.endpoint_url)
    base = next((one.url for one in urls), "")
    made = collection(backend.spec.backend, suites, base_url=base)
    write_result(place, json.dumps(made, indent=2, ensure_ascii=False) + "\n")
    return Exit.OK
