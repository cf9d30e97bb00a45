"""One module per runtime: facts of a model → its code, command line or file."""
