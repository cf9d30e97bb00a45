"""Errors of loading and running models."""


class EngineError(Exception):
    """A model cannot be loaded, or not by this engine. The message says why and what to do."""


class MismatchError(EngineError):
    """The registry disagrees with the model's files or with the engine. The message names both values."""


class UnknownFactError(EngineError):
    """A required fact is stated neither by the registry nor by the model's files."""


class ChecksumError(EngineError):
    """A file's sha256 differs from the one in the registry."""


class UnsafeError(EngineError):
    """Loading would run code from the repository, or unpickle weights, and this was not explicitly allowed."""


class MissingEngineError(EngineError, ImportError):
    """A package is not installed. The message says which extra installs it."""
