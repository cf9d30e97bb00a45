"""Models behind an address: where their servers are, how they are asked, and how answers are checked."""
