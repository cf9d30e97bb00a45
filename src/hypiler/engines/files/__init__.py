"""The files of a model: getting, checking and reading them before an engine does."""
