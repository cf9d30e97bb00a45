"""A project whose registry is wrong in two places."""
