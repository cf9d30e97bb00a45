"""What to say when a library of an extra is missing, or too old or broken to be imported."""

import sys

# What pip calls packages that Python calls otherwise.
_DISTRIBUTIONS = {
    "haystack": "haystack-ai",
    "langchain_core": "langchain-core",
    "langchain_qdrant": "langchain-qdrant",
    "llama_index": "llama-index-core",
    "yaml": "PyYAML",
}


def missing_library(error: ImportError, requirement: str, what: str = "") -> str:
    """What is missing, and the remedy.

    Args:
        error: What an import raised.
        requirement: What pip installs, such as `hypiler[hub]`.
        what: What cannot be imported if a library is too old or broken; by default, this library.
    """
    name = error.name or "a library"
    package = name.partition(".")[0]
    if package == "hypiler":
        again = "freeze this application with all modules of hypiler" if is_frozen() else remedy(requirement)
        return f"{name} is missing: {again}"
    # If only one of its modules is missing, the package was imported before.
    if isinstance(error, ModuleNotFoundError) and sys.modules.get(package) is None:
        return f"{_DISTRIBUTIONS.get(package, package)} is missing: {remedy(requirement)}"
    return f"{what or name} cannot be imported ({error}): {remedy(requirement, upgrade=True)}"


def remedy(requirement: str, *, upgrade: bool = False) -> str:
    """The command that installs a requirement. In a frozen application, pip installs nothing."""
    if is_frozen():
        return f"install '{requirement}' where this application is frozen, and freeze it again"
    return f"python -m pip install {'--upgrade ' if upgrade else ''}'{requirement}'"


def is_frozen() -> bool:
    """Whether this is an application made by PyInstaller, cx_Freeze or the like."""
    return bool(getattr(sys, "frozen", False))
