"""What a stamp says of an encoder: the facts and files that ran, and the probe."""
