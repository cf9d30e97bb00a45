"""The one reader of a model's folder or repository: which files to read, and what they say."""
