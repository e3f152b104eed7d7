"""CloudWatch metrics as they are read: statistics over periods, expressions over them, pages."""
