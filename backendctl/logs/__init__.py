"""`logs`: what functions and the API wrote, merged over functions and regions.

`sources` finds the log groups, `reading` reads them page by page, `lines` turns events into lines with their request,
`following` reads again without losing or repeating an event, `one_request` gathers all that belongs to one request.
"""
