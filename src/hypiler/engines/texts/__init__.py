"""The texts that users encode: checked, cut, tokenized and counted, whichever engine runs the network."""
