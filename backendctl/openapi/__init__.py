"""Everything that is done to an API definition, as pure functions over a parsed document.

    file or export ──repaired──▶ ──refusals──▶ ──localise──▶ ──unbound, leftovers──▶ body of an import
                        │
                        ├─ neutral, canonical, digest    the same whatever region, account, order or export
                        └─ surviving, comparable         what API Gateway keeps of it: compared with a live API
                                                         by differences, each with why it breaks callers

`repair` names the rules that put known faults right, `refusals` tells what cannot be put right, `lost` lists what API
Gateway does not keep, `bindings` holds the ids that differ by region.
"""
