"""One module per store: its own parts of a record."""
