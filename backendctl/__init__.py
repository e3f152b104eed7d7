"""backendctl: one serverless REST backend, the same in every AWS region.

The whole tool is one pipeline. Desired and live are the same type; the difference is the plan; the plan is data;
apply is the plan and nothing else:

    spec/ ──parse, check──▶ Spec ──resources.desired()──▶ desired ┐
                                                                  ├─ engine.plan ─▶ Plan ─▶ engine.safety
    AWS  ◀──── aws/ ◀── resources.read(), owned() ───────▶ live ──┘                  │
     ▲                                                                               ▼
     └──── aws/ ◀── resources.create(), update(), delete() ◀── engine.executor ◀── the same Plan
                                                                     │
                                                                     └─▶ Events ─▶ ui/

1. `spec` loads YAML, remembers where every value stood, and tells all faults at once. A setting is one row beside a
   field of the model (`spec.rows`), from which schema, parsing, both ways to Lambda and docs come. Expressions such as
   `{{ table "places" }}` are expanded afterwards, region by region.
2. `package` makes archives that are the same bytes on every machine; `openapi` puts the definition into a region.
   `resources.assemble` gathers both, with the slots (below), into a `DeployContext`.
3. Each kind in `resources`, by service of AWS, turns the context into what it wants (`desired`) and reads what is
   there (`read`, `owned`). A field that is None is left alone; a field that differs is a change.
4. `engine.plan` compares in parallel, `engine.safety` refuses danger before the first call, `engine.graph` orders
   by what each resource needs, `engine.executor` walks the graph on one thread pool over all regions.
5. `aws` is the only way to AWS: it makes the clients and puts pacing, patience, the journal and the log of -vv into
   botocore's event system, so that the code of a resource stays plain boto3.

There is no state file. What must be remembered is kept in AWS: a tag `backendctl:backend` marks what is ours, the
description of a version or a deployment says which release it is, and parameters of each region (`region_index`) say
where this backend lives.

Slots: a release must never let new code meet the old API or the other way round. The alias a user writes
(`version1`) has two more beside it, `version1-a` and `version1-b`. A stage's variable names one of them; a release
puts the new version behind the other, grants and warms it, and turns the stage's variables and its deployment over
in one UpdateStage. The way back is the same step in reverse.

A canary is the same step taken slowly: the stage shares its requests with the other slots and deployment, `release`
judges both over the same minutes, and one UpdateStage makes the one what the other was.

Stages may serve different documents and versions (`pinning`): the API's resource tree is only the working copy, each
stage serves a snapshot of it. A pinned stage keeps what it serves, and is brought to a new region as it serves
elsewhere (`bringing`); with --stage a plan is restricted to what that stage serves (`stage_alone`).

A release has a number. It is written down in every region before anything serves it (`resources.release_log`), and it
rides in the very call that turns a stage or an alias, so that what serves tells which release it is. What verbs of a
release do are operations (`engine.operation`), planned and carried out like the changes of resources: announce, then
whatever moves, then conclude.

One path changes an API, whichever verb asks (`api`): the body of each region, what callers would see of it, a copy
kept before it is put, requests made after.

What was deployed is looked at from outside: `logs` reads what it wrote, `invoking` calls one function, `testing` makes
requests in every region and holds the answers against each other (`comparing`, `json_path`).

Imports point one way: cli → ui, app, release, sync → everything below; resources → aws, spec, package, openapi;
engine → aws. `sandbox` stands apart: it imports nothing from here, so that a misunderstanding of AWS is not repeated
by its judge.
"""

__version__ = "0.1.0"
