"""The table of fields, the types of their values, and the vocabularies of closed lists."""
