"""Looking for what is wrong with a backend, or will be: one module per family of checks, one type for what they find.

A check reads through the readers that plans and reports use, and says what it finds; it changes nothing. `run` asks
every check in every region at once; `fixing` says which of a plan's changes are safe to make without being asked.
"""
