"""`backendctl invoke`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, common_with_names
from backendctl.errors import SpecError, UsageError

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.json_path import JsonPath


@click.command(name="invoke")
@click.option("-f", "--file", "path", type=click.Path(path_type=Path), help="The event, a JSON file; - is stdin.")
@click.option("--event", "text", metavar="JSON", help="The event itself.")
@click.option("--api-event", "request", metavar="REQUEST", help="The event of a request: 'GET /places?lat=53&lon=-6'.")
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="Of --api-event; repeatable.")
@click.option("--body", help="Of --api-event.")
@click.option("--stage", metavar="NAME", help="Call the alias that this stage calls [the first live stage].")
@click.option("--all-regions", is_flag=True, help="In every region of the spec, and compare the responses.")
@click.option(
    "--ignore", "ignored", multiple=True, metavar="JSONPATH", help="Ignore differences at this path; may be repeated."
)
@partial(common_with_names, metavar="FUNCTION[:ALIAS] [SPEC]")
def command(
    *,
    options: Options,
    names: tuple[str, ...],
    path: Path | None,
    text: str | None,
    request: str | None,
    headers: tuple[str, ...],
    body: str | None,
    stage: str | None,
    all_regions: bool,
    ignored: tuple[str, ...],
) -> int:
    """Invoke a function with an event, through the alias that users call now, and show its response and duration.

    Without --all-regions or --region it is invoked in the spec's first region. Exit 1 when the handler fails, 5 when
    a region does not answer.
    """
    if len(names) != 1:
        raise UsageError("name one function: backendctl invoke FUNCTION[:ALIAS]")
    if sum(given is not None for given in (path, text, request)) > 1:
        raise UsageError("give one of --file, --event and --api-event")
    if (headers or body is not None) and request is None:
        raise UsageError("--header and --body belong to --api-event")
    event = _event(path, text)
    ignore = _paths(ignored)

    from backendctl.cli.opening import opened_api
    from backendctl.cli.releasing import tell_silent
    from backendctl.invoking.run import invoke
    from backendctl.spec.function_names import check_functions
    from backendctl.ui.invoke_view import invocations_document, show_invocations

    ready = opened_api(options)
    backend = ready.backend
    if not all_regions and not options.regions:
        backend = replace(backend, spec=backend.spec.narrowed(backend.spec.regions[:1]))
    function, _, alias = names[0].partition(":")
    check_functions(backend.spec, [function])
    _check_stage(backend, stage)
    event_in = _of_request(backend, request, headers, body, chosen=stage) if request is not None else lambda *_: event
    found = invoke(backend, function, alias or None, event_in, stage=stage, ignore=ignore)
    if ready.format == "json":
        click.echo(json.dumps(invocations_document(found), indent=2))
    else:
        show_invocations(found, ready.screen.result, verbose=options.verbose)
    tell_silent(found.unreachable)
    return found.exit_code


def _event(path: Path | None, text: str | None) -> str:
    """The event as JSON text; {} where none is given.

    Raises:
        SpecError: it is no JSON, with its place.
    """
    from backendctl.errors import Fault
    from backendctl.spec.loader import parse_json

    if path is None and text is None:
        return "{}"
    name = "--event" if path is None else str(path)
    if path is not None:
        try:
            text = sys.stdin.read() if name == "-" else path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise SpecError([Fault(file=name, line=0, column=0, message=f"cannot be read: {why}")]) from None
    parse_json(text or "", file=name)
    return text or ""


def _paths(texts: tuple[str, ...]) -> list[JsonPath]:
    from backendctl.json_path import PathError, parse

    try:
        return [parse(text) for text in texts]
    except PathError as error:
        raise UsageError(f"--ignore: {error}") from None


def _check_stage(backend: Backend, stage: str | None) -> None:
    known = [one.name for one in backend.spec.api.stages] if backend.spec.api is not None else []
    if stage is not None and stage not in known:
        raise UsageError(f"--stage {stage}: the spec names {', '.join(known) or 'none'}")


def _of_request(
    backend: Backend, request: str, headers: tuple[str, ...], body: str | None, *, chosen: str | None
) -> Callable[[str, str], str]:
    """Region and stage → the event of this request there."""
    from backendctl.endpoints import regional_host
    from backendctl.invoking.event import Place, parse_request, proxy_event, require_route
    from backendctl.resources.apigateway.api_reads import require_api, stage_variables

    api = backend.spec.api
    if api is None:
        raise UsageError(f"--api-event: {backend.spec.file} has no API")
    asked = parse_request(request, headers=headers, body=body)
    route = require_route(api.document_named(chosen), asked.method, asked.path)

    def event_in(region: str, stage: str) -> str:
        api_id = require_api(backend.aws, region, api.name)
        place = Place(
            account=backend.aws.account,
            api_id=api_id,
            stage=stage,
            domain=regional_host(api_id, region, backend.aws),
            variables=stage_variables(backend.aws, region, api.name).get(stage, {}),
            now=time.time(),
        )
        return json.dumps(proxy_event(asked, route, place))

    return event_in
