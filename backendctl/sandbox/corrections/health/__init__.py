"""Route 53's health checks: probed against the APIs of this sandbox, judged as AWS judges them.

`check` is one check as it is configured, `rules` what Route 53 refuses, `states` what is known of each check,
`prober` the loop that asks. Checks themselves are kept by the emulated Route 53; what was measured lives in memory
only, so that after a restart every check is unmeasured and counts as healthy (E18).
"""
