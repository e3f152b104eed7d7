"""The one path that changes an API, whichever verb asks.

    source (a file, or a live stage) ──▶ body: neutral definition, and what each region gets of it
            │
            ├─▶ look:   what each region serves, what was edited there and never deployed, what its stages reach
            ├─▶ judge:  the differences callers would meet, whom they break, what stands in the way, what AWS drops
            └─▶ plan:   RestApi, Permission, ApiAccount and Stage or Canary, with the judgement on it
                          │
                          └─▶ copies ─▶ apply (`resources.rest_api` alone calls PutRestApi) ─▶ smoke test

`deploy` and `start-canary` plan these kinds among all others, `sync-api` these alone. Nothing here prints.
"""
