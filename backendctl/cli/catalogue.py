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
        Entry("deploy", "deploy", "Make every region as the spec says."),
        Entry("destroy", "destroy", "Remove everything that is ours."),
    ),
    "Release": (
        Entry("publish", "publish", "Publish a version of what changed; --alias moves an alias to it."),
        Entry("start-canary", "start_canary", "Put a release beside what is live, for a share of the requests."),
        Entry("canary-status", "canary_status", "Show canaries beside their base, and what may be said."),
        Entry("promote-canary", "promote_canary", "Give a canary more of the requests, or all of them."),
        Entry("abort-canary", "abort_canary", "Give all requests back to what was live before."),
        Entry("rollback", "rollback", "Put every region back to an earlier release."),
        Entry("history", "history", "Show every release of every stage, across regions."),
        Entry("diff", "diff", "Show what one release has that another has not."),
        Entry("prune", "prune", "Remove versions and deployments that no way back needs."),
    ),
    "The API": (
        Entry("sync-api", "sync_api", "Bring one API definition to every region, or check that it is there."),
        Entry("export-api", "export_api", "Write what a region serves to a file, neutral of any region."),
        Entry("sync-dns", "sync_dns", "Bring certificates, domains, health checks and DNS records to every region."),
        Entry("grant", "grant", "Let API Gateway call every function the API reaches, in every region."),
        Entry("sdk", "sdk", "Write a client library for the API, proven to fit every region."),
    ),
    "Keep warm": (
        Entry("warm-status", "warm_status", "Show whether users meet warm functions, and why not."),
        Entry("warm", "warm", "Warm every function now, through the alias that users hit."),
        Entry("sync-warmers", "sync_warmers", "Bring what keeps functions warm to every region, and nothing else."),
        Entry("tune", "tune", "Measure a function at several memory sizes and recommend one."),
        Entry("cost", "cost", "Estimate a month's cost of the spec or of live traffic, and of changes."),
    ),
    "Regions": (
        Entry("drain", "drain", "Take users out of a region; also when it, or us-east-1, does not answer."),
        Entry("restore", "restore", "Bring users back to a drained region, after a smoke test and warming."),
        Entry("game-day", "game_day", "Rehearse the loss of a region under load, and write the report."),
        Entry("check-regions", "check_regions", "Look whether a drain of each region would work right now."),
    ),
    "Watch": (
        Entry("status", "status", "Show every region against the spec, in one matrix."),
        Entry("logs", "logs", "Show what functions and the API wrote, merged over regions; follow it."),
        Entry("invoke", "invoke", "Call a function with an event, in one region or in all."),
        Entry("doctor", "doctor", "Look for what is wrong or will be, with the next command; mend what is safe."),
        Entry("traces", "traces", "Show where requests spend their time, by X-Ray, and the slowest and failing ones."),
        Entry("iam-policy", "iam_policy", "Print the least-privilege policy of an operator, CI or a function."),
        Entry("test", "test", "Make requests in every region and hold the answers against what is expected."),
    ),
    "Try it without AWS": (Entry("sandbox", "sandbox", "Start, stop, inspect or forget the local AWS."),),
}


def entries() -> dict[str, Entry]:
    """By name."""
    return {entry.name: entry for group in CATALOGUE.values() for entry in group}
