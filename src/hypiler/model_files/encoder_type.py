"""What a model is to an encoder, and whether loading it runs code of a repository."""

from hypiler.diagnostics.escaping import printable
from hypiler.model_files.facts import FileFact
from hypiler.model_files.json_files import mapping, positive, words
from hypiler.model_files.repository import MODULES, SETTINGS, STANFORD, Repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypiler.jsontext.json_types import JSONValue

TYPES = {
    "dense": "dense",
    "static": "static",
    "multi_vector": "colbert",
    "sparse": "sparse",
    "reranker": "reranker",
}
"""The kinds, and the types of models.json that are of them."""

# What sentence-transformers and PyLate call their classes.
_CLASSES = {
    "SentenceTransformer": "dense",
    "SparseEncoder": "sparse",
    "MultiVectorEncoder": "multi_vector",
    "ColBERT": "multi_vector",
    "CrossEncoder": "reranker",
}
# The modules that tell the kind, the most telling first.
_MODULES = {
    "MultiVectorMask": "multi_vector",
    "SpladePooling": "sparse",
    "MLMTransformer": "sparse",
    "SparseAutoEncoder": "sparse",
    "SparseStaticEmbedding": "sparse",
    "LogitScore": "reranker",
    "Pooling": "dense",
    "CLIPModel": "dense",
    "Dense": "multi_vector",
}
_LATE = ("HF_ColBERT", "ColPali")
# Weights of further heads beside a dense model, as FlagEmbedding saves them.
FURTHER_HEAD = "colbert_linear.pt"


def find_kind(repository: Repository) -> "tuple[str, FileFact] | None":
    """The kind and the fact `type`; None if nothing shows it."""
    if repository.silent(MODULES):
        return None
    found = _by_library(repository) if repository.modules is not None else _by_network(repository)
    if found is None:
        return None
    kind, file, key, note = found
    return kind, FileFact(TYPES[kind], file, key, note)


def _by_library(repository: Repository) -> "tuple[str, str, str, str] | None":
    if repository.of("StaticEmbedding"):
        return "static", MODULES, "StaticEmbedding", ""
    settings = repository.object(SETTINGS)
    word = settings.get("model_type")
    if isinstance(word, str) and word in _CLASSES:
        return _CLASSES[word], SETTINGS, "model_type", ""
    for key in ("query_prefix", "document_prefix"):
        if key in settings:
            return "multi_vector", SETTINGS, key, ""
    for name, kind in _MODULES.items():
        if repository.of(name):
            return kind, MODULES, name, "without a pooling module" if name == "Dense" else ""
    return None


def _by_network(repository: Repository) -> "tuple[str, str, str, str] | None":
    settings = repository.object(SETTINGS)
    if settings.get("model_type") == "CrossEncoder":
        return "reranker", SETTINGS, "model_type", ""
    if positive(repository.object(STANFORD).get("dim")):
        return "multi_vector", STANFORD, "dim", ""
    config, file = repository.config, repository.config_name
    for name in repository.architectures:
        if name in _LATE or name.endswith("ForRetrieval"):
            return "multi_vector", file, "architectures", ""
        if name == "StaticModel":
            return "static", file, "architectures", ""
        # A classifier with several labels is no reranker.
        if name.endswith("ForSequenceClassification") and len(mapping(config.get("id2label"))) == 1:
            return "reranker", file, "architectures", "a classifier with one label"
        if name.endswith("ForMaskedLM"):
            return "sparse", file, "architectures", "a masked language model: SPLADE, or no encoder at all"
    if config.get("model_type") == "model2vec":
        return "static", file, "model_type", ""
    return None


def remote_code(repository: Repository) -> "tuple[tuple[str, ...], FileFact | None]":
    """The files that loading would run, and the fact `dependencies.remote_code`, if it is known."""
    files: set[str] = set()
    fact: FileFact | None = None
    for name in (repository.config_name, repository.tokenizer_name):
        if found := list(_mapped(repository.object(name).get("auto_map"))):
            files.update(found)
            fact = fact or FileFact(True, name, "auto_map")
    strange = [module.type for module in repository.modules or () if not module.known]
    if strange:
        files.update(map(_file_of, strange))
        fact = fact or FileFact(True, MODULES, "type")
    read = (repository.config_name, repository.tokenizer_name, MODULES)
    if fact is None and repository.config and not any(map(repository.silent, read)):
        fact = FileFact(
            False, repository.config_name, "auto_map", "there is none, and no modules beyond those of the libraries"
        )
    return tuple(sorted(files)), fact


def _mapped(value: "JSONValue") -> "Iterator[str]":
    """The files that an auto_map names; an entry may name two classes, or none."""
    for entry in mapping(value).values():
        yield from map(_file_of, [entry] if isinstance(entry, str) else words(entry))


def _file_of(reference: str) -> str:
    """`modeling_x.py` for `modeling_x.Model`, and `org/name/modeling_x.py` for `org/name--modeling_x.Model`."""
    place, _, name = printable(reference[:200]).rpartition("--")
    module = name.rpartition(".")[0] or name
    return (f"{place}/" if place else "") + module.replace(".", "/") + ".py"
