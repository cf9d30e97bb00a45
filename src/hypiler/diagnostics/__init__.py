"""What a finding is, which codes exist, and how findings are shown. Knows nothing of models or of files on disk."""
