"""What a backend costs a month: the spec or live traffic as quantities, quantities as money, and what would change it.

`from_spec` or `from_metrics` make a `Workload`; `usage` turns it into quantities of what AWS bills; `pricing` sums
tiers from a `PriceList`; `estimate` puts it together and prices variations of the same workload.
"""
