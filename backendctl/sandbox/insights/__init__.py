"""CloudWatch Logs Insights: queries are read, run over the events of log groups, and answered in their own time."""
