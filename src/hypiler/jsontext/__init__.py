"""JSON text with positions: read, edited and written. Nothing here knows models."""
