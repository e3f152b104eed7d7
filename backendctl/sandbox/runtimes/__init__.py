"""The runtimes of Lambda which the sandbox can run: how each starts a handler's process and talks with it."""
