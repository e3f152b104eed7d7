"""Functions, their aliases, permissions, log groups and provisioned concurrency."""
