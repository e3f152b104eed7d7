"""`sync-api` and what belongs to it: the path of `api`, for an API alone.

The plan has RestApi, Permission, ApiAccount and Stage only, of the same making and with the same executor as a deploy;
the functions' code and aliases stay as they are, and the source may be a live stage given by --from.
`export-api`, `grant` and `sdk` read the same way.

Nothing here prints; `ui` draws and `cli` asks.
"""
