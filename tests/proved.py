"""A lock in memory, which proves what a test says."""

from strategies import Tree

from hypiler.diagnostics.finding import Finding
from hypiler.schema.evidence import Evidence


class ProvedLock:
    """What a compilation needs of a lock: it proves the same about every model."""

    name = "models.lock.json"
    data = b""

    def __init__(self, tree: Tree, proved: Evidence) -> None:
        self.findings: list[Finding] = []
        self.evidence = {model["id"]: proved for model in tree["models"]}

    def check(self, source: object, collector: object, settings: object) -> None:
        pass
