"""Facts of a registry against the models' own files: verdicts, the lock, drafts, corrections."""
