"""Releases: new code and a new definition, in every region, as one thing with a verdict.

start     what a canary is made of: versions behind the idle aliases, a deployment, a share of the requests
shift     more of the requests, all of them, or none: promote and abort
rollback  back to what an earlier release had
history   what every stage has served
pruning   what no way back needs any more

numbering what makes a plan a release: announced first, with a tag in what turns, concluded last
log_reading the release log of all regions together; live: which release serves

Each of them makes a `Plan` like any deploy's; the engine does it. Whether a canary may go on is judged from left to
right, and only `metrics` knows AWS:

    CloudWatch ──metrics.read()──▶ Observed (base, canary) ──verdict.judge()──▶ Verdict ──▶ CanaryStatus ──▶ ui
                                                                  │
                                                             statistics
"""
