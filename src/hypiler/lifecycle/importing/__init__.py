"""Drafts of registries from tables that people have: the lists of other packages, CSV and JSON."""
