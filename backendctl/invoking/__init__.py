"""`invoke`: one event for a function, in one region or in all, through the alias that users hit.

`event` makes the event that API Gateway would send for a request; `run` calls and compares.
"""
