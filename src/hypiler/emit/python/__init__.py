"""The generated module and its stub."""
