"""Certificates of custom domains."""
