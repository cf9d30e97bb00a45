"""Stamps: what the vectors of an index depend on, as the registry and the lock state it, and as an index stored it."""
