"""Releases: what changes what users meet, and the judgement on whether it may.

The judging half reads from left to right, and only `metrics` knows AWS:

    CloudWatch ──metrics.read()──▶ Observed (base, canary) ──verdict.judge()──▶ Verdict ──▶ CanaryStatus ──▶ ui
                                                                  │
                                                             statistics
"""
