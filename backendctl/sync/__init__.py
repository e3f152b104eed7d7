"""`sync-api` and what belongs to it: the same API in every region, right the second time too.

    source (a file, or a live stage) ──▶ definition, stages, variables, settings
            │
            ├─▶ review: what each region serves against it; what was edited there and never deployed
            ├─▶ reach:  which alias of which function each stage calls there; what is missing is refused
            └─▶ plan:   RestApi, Permission, ApiAccount and Stage, the same kinds and the same executor as a deploy
                          │
                          └─▶ apply ─▶ trial: every provable route asked in every region, the answers compared

Nothing here prints; `ui` draws and `cli` asks.
"""
