"""What each command needs to be allowed, as IAM policies: for an operator, for CI, and for a function's role.

`table` says which action which command needs and on what; `arns` what that is in one backend; `policy` makes the
document of both. What AWS checks or does on a caller's behalf, beside the calls that are made, is in `on_behalf`.
"""
