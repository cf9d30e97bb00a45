"""Finds what a code base says of models by hand: tables, constants, prefixes and repository names."""
