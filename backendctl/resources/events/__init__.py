"""What calls functions to keep them warm: rules of EventBridge and schedules of EventBridge Scheduler."""
