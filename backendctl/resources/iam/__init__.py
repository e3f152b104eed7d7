"""Roles of functions, and what they may do."""
