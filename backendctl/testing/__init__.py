"""`test`: requests with expectations, made in every region, and the answers of regions held against each other.

`reading` turns a file into a `Suite` and tells all its faults at once, `asking` makes a request, `judging` holds an
answer against what is expected, `run` does both in every region and compares. `from_definition` writes a first file,
`postman` and `junit` write what other tools read.
"""
