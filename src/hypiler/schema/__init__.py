"""The table of fields, the types of their values, and the words that they may use."""
