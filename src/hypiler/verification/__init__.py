"""Compares the facts of a registry with the models' own files: verdicts, the lock, drafts, corrections."""
