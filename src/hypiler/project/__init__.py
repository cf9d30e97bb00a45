"""From sources to files: options, output, and the hooks of build backends."""
