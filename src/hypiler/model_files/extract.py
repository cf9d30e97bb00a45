"""What a model's own small files say of it, each fact with the file and the key that it was read from.

Nothing is fetched, opened or executed here: `wanted` names the files to read next, and `derive` judges what was read.
"""

from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.model_files.architectures import Network, config_facts
from hypiler.model_files.card import card_facts
from hypiler.model_files.encoder_type import FURTHER_HEAD, find_kind, remote_code
from hypiler.model_files.encoding import encoding_facts
from hypiler.model_files.facts import Evidence, FileFact, ModelFileError, Problem
from hypiler.model_files.filename_safety import safe_name, unsafe_names
from hypiler.model_files.projection import head_facts
from hypiler.model_files.repository import Repository
from hypiler.model_files.safetensors_header import header_length
from hypiler.model_files.weights import pickle_only, weight_facts
from hypiler.schema.fields import FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "Evidence",
    "FileFact",
    "ModelFileError",
    "Problem",
    "extract_facts",
    "header_length",
    "next_files",
    "safe_name",
    "unsafe_names",
]


def next_files(names: "Collection[str]", files: "Mapping[str, bytes]") -> list[str]:
    """The files to read next, given the contents of those that were read; empty when there are no more.

    `names` are all file names of the repository; a name that is not among them, or not safe, is never asked for. Of a
    file that ends with `.safetensors` only the header is needed: see `header_length`.
    """
    return Repository(names, files, {}).needed()


def extract_facts(
    names: "Collection[str]", files: "Mapping[str, bytes]", sizes: "Mapping[str, int] | None" = None
) -> Evidence:
    """What the files say. `files` are contents by name, of safetensors files the first bytes up to the header's end.

    `sizes` are those of whole files in bytes, as far as they are known. Never raises for what files hold: a faulty one
    is among the problems, and says nothing.
    """
    repository = Repository(names, files, sizes or {})
    found = find_kind(repository)
    kind = found[0] if found else None
    network = Network(repository)
    code, remote = remote_code(repository)
    multi = None
    if found:
        further = FURTHER_HEAD in repository.names
        multi = (
            FileFact(True, FURTHER_HEAD, "")
            if further
            else FileFact(kind == "multi_vector", found[1].file, found[1].key)
        )
    facts: dict[str, FileFact | None] = {
        "type": found[1] if found else None,
        "capabilities.multi_vector": multi,
        "dependencies.remote_code": remote,
        **config_facts(repository, network, kind),
        **head_facts(repository, network, kind),
        **encoding_facts(repository, network, kind),
        **weight_facts(repository),
        **card_facts(repository),
    }
    checked = _checked(facts, repository)
    kind = kind if "type" in checked else None
    return Evidence(kind, checked, repository.problems, code, pickle_only(repository.names))


def _checked(facts: "dict[str, FileFact | None]", repository: Repository) -> dict[str, FileFact]:
    """The facts in the order of the schema, without those of a file of which one has a value that no model can have."""
    checked: dict[str, FileFact] = {}
    for field in FIELDS:
        fact = facts.get(field.name)
        if fact is None:
            continue
        collector = FindingCollector()
        collector.field_path = field.path
        # models.json writes a count of parameters in words of its own.
        taken = field.name == "specs.parameters" or (fact.value is None and field.null)
        if taken or field.type.read(fact.value, collector) is not INVALID:
            checked[field.name] = fact
        else:
            repository.note(fact.file, collector.findings[0].message)
    return {path: fact for path, fact in checked.items() if not repository.is_faulty(fact.file)}
