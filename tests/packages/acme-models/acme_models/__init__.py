"""The models of a company. Nobody has to import the package to read its registry."""

raise ImportError("the registry of this package is read without importing it")
