"""Keeping functions warm: what warm-status, warm, tune and cost know."""
