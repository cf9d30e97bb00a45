"""Finds out which type of encoder a model is, and whether loading it runs code from the repository."""

import re
from typing import NamedTuple

from hypiler.diagnostics.escaping import printable
from hypiler.model_files.facts import FileFact
from hypiler.model_files.json_files import mapping, positive, words
from hypiler.model_files.late_interaction import pylate_key
from hypiler.model_files.repository import CARD, MODULES, SETTINGS, STANFORD, Module, Repository
from hypiler.model_files.weights import tensors_of
from hypiler.schema.encoder_types import MODEL_TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypiler.jsontext.json_types import JSONValue
    from hypiler.schema.encoder_types import EncoderType

# The encoder types of the classes of sentence-transformers and PyLate.
_CLASSES: "dict[str, EncoderType]" = {
    "SentenceTransformer": "dense",
    "SparseEncoder": "sparse",
    "MultiVectorEncoder": "multi_vector",
    "ColBERT": "multi_vector",
    "CrossEncoder": "reranker",
}
# Modules that show the type. The first one that is present decides.
_MODULES: "dict[str, EncoderType]" = {
    "MultiVectorMask": "multi_vector",
    "SpladePooling": "sparse",
    "MLMTransformer": "sparse",
    "SparseAutoEncoder": "sparse",
    "SparseStaticEmbedding": "sparse",
    "LogitScore": "reranker",
    "Pooling": "dense",
    "CLIPModel": "dense",
    "BoW": "dense",
    "Dense": "multi_vector",
}
_DECIDING = ("MultiVectorMask", "SpladePooling", "SparseAutoEncoder", "SparseStaticEmbedding", "LogitScore")
# Classes such as HF_ColBERT, ColPali, ColQwen2_5 and ColPaliForRetrieval. BiQwen2 and its like give one vector.
_LATE = r"(HF_)?Col[A-Z].*"
# The weights of an additional head of a dense model, as FlagEmbedding saves them.
FURTHER_HEAD = "colbert_linear.pt"


# Words in the card's tags that mark sparse encoders, models that score pairs, and models that score single texts.
_SPARSE_TAGS = ("splade", "sparse")
_PAIR_TAGS = ("rerank", "cross-encoder", "text-ranking", "sentence-transformers", "text-embeddings-inference")
_SINGLE_TAGS = ("text-classification", "text-regression", "regression", "reward", "rlhf", "sentiment")


class Shown(NamedTuple):
    """An encoder type, and the file and key that show it."""

    encoder_type: "EncoderType"
    file: str
    key: str
    note: str = ""
    doubtful: bool = False

    @property
    def fact(self) -> FileFact:
        """The fact `type`."""
        return FileFact(MODEL_TYPES[self.encoder_type], self.file, self.key, self.note, doubtful=self.doubtful)


def find_encoder_type(repository: Repository) -> Shown | None:
    """The encoder type; None if nothing shows it."""
    if repository.modules is not None:
        return _by_modules(repository)
    return None if repository.is_unreadable(MODULES) else _by_config(repository)


def _by_modules(repository: Repository) -> Shown | None:
    if repository.modules_of_type("StaticEmbedding"):
        return Shown("static", MODULES, "StaticEmbedding")
    decided, settings = decided_by_modules(repository), shown_by_settings(repository)
    if settings and (decided is None or decided.encoder_type == settings.encoder_type):
        return settings
    if decided:
        return decided
    if repository.modules_of_type("Pooling") and not _gives_vectors(repository):
        return None
    for name, encoder_type in _MODULES.items():
        if repository.modules_of_type(name):
            return Shown(encoder_type, MODULES, name, "without a pooling module" if name == "Dense" else "")
    return None


def _gives_vectors(repository: Repository) -> bool:
    """Whether the last layer after a pooling is known to give vectors, and not the scores of several labels."""
    for module in repository.modules_of_type("Dense")[-1:]:
        config = repository.object(module.config)
        # Under its older name, the layer always gave vectors.
        unread = not config and not module.type.startswith("sentence_transformers.models.")
        return not unread and config.get("module_output_name") != "scores"
    return True


def decided_by_modules(repository: Repository) -> Shown | None:
    """The encoder type by a module that no other type has, whatever the settings say; None without such a module."""
    found = next((name for name in _DECIDING if repository.modules_of_type(name)), None)
    if found is None and (head := scoring_layer(repository)) is not None:
        return Shown("reranker", head.config, "module_output_name")
    return Shown(_MODULES[found], MODULES, found) if found else None


def scoring_layer(repository: Repository) -> Module | None:
    """The layer that gives the score of a pair, as CrossEncoder has it after a pooling; None without such a layer."""
    for module in repository.modules_of_type("Dense")[-1:]:
        config = repository.object(module.config)
        if config.get("module_output_name") == "scores" and config.get("out_features") == 1:
            return module
    return None


def shown_by_settings(repository: Repository) -> Shown | None:
    """The encoder type by the library's settings, which name the class that saved the model."""
    settings = repository.object(SETTINGS)
    word = settings.get("model_type")
    if isinstance(word, str) and word in _CLASSES:
        return Shown(_CLASSES[word], SETTINGS, "model_type")
    key = pylate_key(repository)
    return Shown("multi_vector", SETTINGS, key) if key else None


def loaded_as(repository: Repository) -> FileFact | None:
    """The type by the class that sentence-transformers takes for modules of the repository's own; None for others.

    It is a hint, since the code of such modules may do more.
    """
    own = [module for module in repository.modules or () if not module.known]
    settings = repository.object(SETTINGS)
    if not own or not settings or "model_type" in settings or shown_by_settings(repository):
        return None
    note = "code of the repository, which sentence-transformers loads as SentenceTransformer"
    return FileFact(MODEL_TYPES["dense"], MODULES, "type", note, hint=True)


def _by_config(repository: Repository) -> Shown | None:
    shown = shown_by_settings(repository)
    # The class SentenceTransformer also saves static models. Their modules.json says so.
    if shown and (shown.encoder_type != "dense" or repository.is_settled(MODULES) or _has_network(repository)):
        return shown
    if positive(repository.object(STANFORD).get("dim")):
        return Shown("multi_vector", STANFORD, "dim")
    config, file = repository.config, repository.config_name
    for name in repository.architectures:
        if re.fullmatch(_LATE, name):
            return Shown("multi_vector", file, "architectures")
        if name == "StaticModel":
            return Shown("static", file, "architectures")
        # A classifier with several labels is not a reranker.
        if name.endswith("ForSequenceClassification") and len(mapping(config.get("id2label"))) == 1:
            return _classifier(repository)
        if name.endswith("ForMaskedLM"):
            return _masked_language_model(repository)
    if config.get("model_type") == "model2vec":
        return Shown("static", file, "model_type")
    # Older versions of model2vec write no other key of their own, or none at all.
    if "embedding_dtype" in config:
        return Shown("static", file, "embedding_dtype")
    return None if "model_type" in config or repository.architectures else _by_table(repository)


def _by_table(repository: Repository) -> Shown | None:
    """A static model by its weights: a table of vectors, and nothing that would compute with them."""
    tensors = tensors_of(repository, repository.backbone)
    if "embeddings" in tensors and tensors.keys() <= {"embeddings", "weights", "mapping"}:
        return Shown("static", tensors["embeddings"][0], "embeddings")
    return None


def _has_network(repository: Repository) -> bool:
    name = repository.config.get("model_type")
    return isinstance(name, str) and name != "model2vec"


def _masked_language_model(repository: Repository) -> Shown | None:
    """The type of a masked language model: sparse, or unknown if there is a card without such a tag.

    Many dense models were saved with the language-model head that they were trained with.
    """
    if _has_tag(repository, _SPARSE_TAGS):
        note = f"a masked language model, sparse by the tags in {CARD}"
        return Shown("sparse", repository.config_name, "architectures", note)
    # A dense model has a modules.json or a card that says so. Only if both are known to be missing, it is a guess.
    if repository.front_matter.card or not repository.is_settled(MODULES, CARD):
        return None
    note = "a masked language model: SPLADE, or no encoder at all"
    return Shown("sparse", repository.config_name, "architectures", note, doubtful=True)


def _classifier(repository: Repository) -> Shown | None:
    """The type of a classifier with one label: a reranker, unless its card says that it scores single texts.

    It is doubtful if there is a card that says neither. CrossEncoder of sentence-transformers leaves its own key in
    config.json.
    """
    file, key, note = repository.config_name, "architectures", "a classifier with one label"
    if mapping(repository.config.get("sentence_transformers")) or _has_tag(repository, _PAIR_TAGS):
        return Shown("reranker", file, key, note)
    if _has_tag(repository, _SINGLE_TAGS):
        return None
    silent = bool(repository.front_matter.card)
    further = ": a reranker, or a model that scores single texts" if silent else ""
    return Shown("reranker", file, key, note + further, doubtful=silent)


def _has_tag(repository: Repository, parts: tuple[str, ...]) -> bool:
    """Whether a tag, the task or the library in the card contains one of these words."""
    card = repository.front_matter.card
    tags = [*words(card.get("tags")), *[str(card.get(key)) for key in ("pipeline_tag", "library_name")]]
    return any(part in tag.lower() for tag in tags for part in parts)


def remote_code(repository: Repository) -> "tuple[tuple[str, ...], FileFact | None]":
    """The files that loading would run, and the fact `dependencies.remote_code`; None if it is unknown."""
    files: set[str] = set()
    fact: FileFact | None = None
    for name in (repository.config_name, repository.tokenizer_name):
        if found := list(_auto_map_files(repository.object(name).get("auto_map"))):
            files.update(found)
            fact = fact or FileFact(True, name, "auto_map")
    strange = [module.type for module in repository.modules or () if not module.known]
    if strange:
        files.update(map(_source_file, strange))
        fact = fact or FileFact(True, MODULES, "type")
    read = (repository.config_name, repository.tokenizer_name, MODULES)
    if fact is None and repository.config and repository.is_settled(*read):
        fact = FileFact(
            False, repository.config_name, "auto_map", "not present, and all modules are of known libraries"
        )
    return tuple(sorted(files)), fact


def _auto_map_files(value: "JSONValue") -> "Iterator[str]":
    """The files that an auto_map names. An entry may name one class, two, or none."""
    for entry in mapping(value).values():
        yield from map(_source_file, [entry] if isinstance(entry, str) else words(entry))


def _source_file(reference: str) -> str:
    """`modeling_x.Model` → `modeling_x.py`; `org/name--modeling_x.Model` → `org/name/modeling_x.py`."""
    place, _, name = printable(reference[:200]).rpartition("--")
    module = name.rpartition(".")[0] or name
    return (f"{place}/" if place else "") + module.replace(".", "/") + ".py"
