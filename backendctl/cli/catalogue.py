"""Every command, grouped by purpose. `--help` reads this and loads none of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: its name, the module in `backendctl.cli` that holds it, and its line in the help."""

    name: str
    module: str
    help: str


CATALOGUE: dict[str, tuple[Entry, ...]] = {
    "Look at the spec": (
        Entry("validate", "validate", "Check the spec and everything it names; no AWS call."),
        Entry("render", "render", "Show the spec as backendctl understands it, region by region."),
    ),
    "Deploy": (
        Entry("plan", "plan", "Show what a deploy would change."),
        Entry("deploy", "deploy", "Make every region match the spec."),
        Entry("destroy", "destroy", "Delete everything that this backend owns in AWS."),
    ),
    "Release": (
        Entry("publish", "publish", "Publish a version of what changed; --alias moves an alias to it."),
        Entry("start-canary", "start_canary", "Start a new release as a canary that gets part of the traffic."),
        Entry("canary-status", "canary_status", "Compare running canaries with their baseline: the verdict so far."),
        Entry("promote-canary", "promote_canary", "Shift more traffic to a canary, or all of it."),
        Entry("abort-canary", "abort_canary", "End a canary: all traffic goes back to the previous release."),
        Entry("rollback", "rollback", "Roll every region back to an earlier release."),
        Entry("history", "history", "Show every release of every stage, across regions."),
        Entry("diff", "diff", "Compare two releases."),
        Entry("prune", "prune", "Delete versions and deployments that no rollback needs."),
    ),
    "The API": (
        Entry("sync-api", "sync_api", "Deploy one API definition to every region, or check for differences."),
        Entry("export-api", "export_api", "Export what a region serves to a file, without region-specific ids."),
        Entry("sync-dns", "sync_dns", "Deploy certificates, domains, health checks and DNS records to every region."),
        Entry("grant", "grant", "Allow API Gateway to invoke the API's functions, in every region."),
        Entry("sdk", "sdk", "Generate a client SDK for the API, checked against every region."),
    ),
    "Keep warm": (
        Entry("warm-status", "warm_status", "Show whether users' requests hit warm functions, and why not."),
        Entry("warm", "warm", "Warm every function now, through the alias that users hit."),
        Entry("sync-warmers", "sync_warmers", "Deploy only what keeps functions warm, to every region."),
        Entry("tune", "tune", "Measure a function at several memory sizes and recommend one."),
        Entry("cost", "cost", "Estimate a month's cost of the spec or of live traffic, and of changes."),
    ),
    "Tables": (
        Entry("sync-tables", "sync_tables", "Deploy tables, indexes and scaling to every region, or compare them."),
        Entry("test-replication", "test_replication", "Show how far each region lags behind another."),
    ),
    "Regions": (
        Entry("drain", "drain", "Route users away from a region, even if it or us-east-1 is down."),
        Entry("restore", "restore", "Route users back to a drained region, after a smoke test and warming."),
        Entry("game-day", "game_day", "Rehearse the loss of a region under load, and write the report."),
        Entry("check-regions", "check_regions", "Check whether each region could be drained right now."),
    ),
    "Watch": (
        Entry("status", "status", "Compare every region with the spec, in one matrix."),
        Entry("logs", "logs", "Show what functions and the API wrote, merged over regions; follow it."),
        Entry("invoke", "invoke", "Invoke a function with an event, in one region or in all."),
        Entry("doctor", "doctor", "Find problems, present or coming, with the command that fixes each."),
        Entry("traces", "traces", "Show where requests spend their time, by X-Ray, and the slowest and failing ones."),
        Entry("iam-policy", "iam_policy", "Print the least-privilege policy of an operator, CI or a function."),
        Entry("test", "test", "Send requests in every region and check the responses."),
    ),
    "Try it without AWS": (Entry("sandbox", "sandbox", "Start, stop, inspect or reset the local AWS."),),
}


def entries() -> dict[str, Entry]:
    """By name."""
    return {entry.name: entry for group in CATALOGUE.values() for entry in group}
