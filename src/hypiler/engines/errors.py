"""What can go wrong before a model encodes its first text."""


class EngineError(Exception):
    """A model cannot be loaded, or not by this engine; the message says why and what to do."""


class MismatchError(EngineError):
    """The registry and the model's files, or the engine, say different things; the message names both."""


class UnknownFactError(EngineError):
    """Neither the registry nor the model's files give a fact that is needed."""


class ChecksumError(EngineError):
    """A file's sha256 is not that of the registry."""


class UnsafeError(EngineError):
    """Loading would run code of the repository, or unpickle weights, and that was not allowed by name."""


class MissingEngineError(EngineError, ImportError):
    """A package is not installed; the message says which extra brings it."""
