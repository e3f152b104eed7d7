"""Web ACLs of stages."""
