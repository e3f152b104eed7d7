"""REST APIs, their stages, keys and usage plans, and the custom domains in front of them."""
