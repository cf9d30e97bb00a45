"""The hooks of the build backends."""
