"""CloudWatch Logs as it is read: events of a group in order, filter patterns, pages."""
