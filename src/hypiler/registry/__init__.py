"""Registries as Python values: load one, look models up, read its findings, and see where each fact is stated.

    from hypiler.registry import Registry

    registry = Registry.load("models.json")
    for finding in registry.findings:
        print(finding)
    model = registry["BAAI/bge-m3"]

`Registry.project()` is the registry of the project around the current folder, and `Registry.shipped()` is the registry
of this package.
"""

from hypiler.compiler.checked import Origin
from hypiler.compiler.rule_settings import RuleSettings
from hypiler.diagnostics.finding import Finding
from hypiler.errors import UnknownModelError
from hypiler.project.options import OptionsError
from hypiler.project.output import OutputRefused
from hypiler.registry.registry import Registry
from hypiler.schema.evidence import PinnedFile
from hypiler.schema.model import Model

__all__ = [
    "Finding",
    "Model",
    "OptionsError",
    "Origin",
    "OutputRefused",
    "PinnedFile",
    "Registry",
    "RuleSettings",
    "UnknownModelError",
]
