"""From text to checked models: read, shape, rules. Does no input or output, and knows no target."""
