"""A sync for a terminal: region by region what differs, what stands against it, and how the smoke test went."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.api.review import RegionReview, StageReview
from backendctl.api.smoke_test import SmokeTest
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.lambda_.permission import Permission
from backendctl.sync.prepare import Sync
from backendctl.ui.api_diff import diff_text


def show_sync(sync: Sync, console: Console, *, check: bool, verbose: bool = False) -> None:
    """Source, then every region; one line for each that has nothing to tell.

    Args:
        check: whether this is all there is to see: then variables, settings, permissions and refusals are told too,
            and the differences, which the plan shows otherwise.
        verbose: all of what is long.
    """
    api = sync.api.name
    console.print(Text(f"{api}: ", style="name").append(f"definition {sync.digest} from {sync.source.told}"))
    if sync.origin is not None and sync.origin.edited:
        _show_edited(sync.origin, console, source=True)
    for region in sync.regions:
        error = sync.plan.unreachable.get(region)
        if error is not None or region not in sync.reviews:
            console.print(_head(region).append(f"cannot be read: {error}", style="bad"))
            continue
        _show_region(sync, sync.reviews[region], console, check=check, verbose=verbose)
    for line in sync.refusals if check else ():
        console.print(Text(f"refused: {line}", style="bad"), soft_wrap=True)
    for line in sync.plan.remarks if check else ():
        console.print(Text("note: ", style="quiet").append(line, style="default"), soft_wrap=True)
    if sync.in_sync:
        regions = len(sync.regions)
        console.print(Text(f"In sync: {regions} region{'s' if regions > 1 else ''}.", style="ok"))


def _show_region(sync: Sync, found: RegionReview, console: Console, *, check: bool, verbose: bool) -> None:
    if found.api_id is None:
        console.print(_head(found.region).append(f"has no API {sync.api.name}", style="create"))
        return
    for stage in found.stages:
        console.print(_head(found.region).append(f"{stage.stage} ", style="name").append_text(_told(stage)))
        if stage.differences and check:
            diff_text(stage.differences, console, verbose=verbose)
    for line in _settings(sync, found.region) if check else ():
        console.print(line, soft_wrap=True)
    if found.edited and check:
        _show_edited(found, console, source=False)
    elif found.unknown:
        console.print(_head(found.region).append(f"edits that were never deployed: {found.unknown}", style="quiet"))


def _told(stage: StageReview) -> Text:
    if stage.percent is not None and stage.differences:
        shown = "this one" if stage.trying else "yet another"
        return Text(f"serves another definition, and its canary {shown} to {stage.percent:g} %:", style="update")
    if not stage.exists:
        return Text("is not there yet", style="create")
    if stage.differences:
        count = len(stage.differences)
        changes = f"{count} change{'s' if count > 1 else ''}"
        return Text(f"serves another definition; a sync makes {changes}:", style="update")
    if stage.unknown:
        return Text(f"cannot be compared: {stage.unknown}", style="bad")
    if stage.redeployed:
        return Text(stage.told_redeployed, style="update")
    return Text("serves this definition", style="ok")


def _settings(sync: Sync, region: str) -> Iterator[Text]:
    """What differs beside the definition: variables, settings, permissions."""
    for change in sync.plan.changes:
        if change.region != region or (change.live is None and change.kind == RestApi.kind):
            continue
        told = [f for f in change.fields if f.field not in {"definition", "localised", "owner"}]
        digests = [f for f in change.fields if f.field in {"definition", "localised"}]
        if digests and change.live is not None and not change.details:
            before = digests[0].before or "none of ours"
            yield Text(
                f"  {change.kind} {change.name} holds the definition {before}; a sync brings this one", style="update"
            )
        if change.foreign:
            yield Text(f"  {change.kind} {change.name} exists and is not ours; --adopt takes it over", style="bad")
        if change.kind == Permission.kind:
            wanting = ", ".join(f"{f.after}" for f in told if f.after)
            yield Text(f"  {change.name} may not be called by ", style="update").append(wanting or "what is wanted")
        elif change.live is not None:
            for field in told:
                yield Text(f"  {change.kind} {change.name} {field.field}: ", style="update").append(
                    f"{_plain(field.before)} → {_plain(field.after)}"
                )


def _show_edited(found: RegionReview, console: Console, *, source: bool) -> None:
    told = "was edited and never deployed"
    after = "; the source is what is deployed" if source else "; a sync puts this back"
    console.print(_head(found.region).append(f"{told}{after}:", style="bad"))
    diff_text(found.edited, console)


def show_smoke_test(found: SmokeTest, console: Console) -> None:
    """The answers, route by route and region by region."""
    if not found.rows:
        console.print(Text("No smoke test: no GET without parameters, and no `smoke` in the spec.", style="quiet"))
        return
    table = Table(box=None, pad_edge=False, header_style="quiet")
    for title in ("stage", "request", *found.regions, ""):
        table.add_column(title)
    for row in found.rows:
        cells = [str(row.answers.get(region, "-")) for region in found.regions]
        unasked = any(answer.unasked for answer in row.answers.values())
        good = Text("not asked", style="quiet") if unasked else Text("ok", style="ok")
        verdict = Text(row.verdict, style="bad") if row.verdict else good
        table.add_row(row.stage, row.request.route, *cells, verdict)
    console.print(table)
    for row in found.rows:
        for region, answer in row.answers.items():
            if answer.said:
                style = "quiet" if answer.unasked else "bad"
                console.print(Text(f"{region} {row.request.route}: {answer.said}", style=style), soft_wrap=True)


def _head(region: str) -> Text:
    return Text(f"{region:<15}", style="region")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return "(none)" if value is None else str(value)
