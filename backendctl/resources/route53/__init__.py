"""Records, health checks and how a region is taken out of them."""
