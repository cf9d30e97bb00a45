"""Extracts facts from a model's own small files. Each fact names the file and the key that it was read from.

Nothing is fetched, opened or executed here. `next_files` names the files to read next, and `extract_facts` evaluates
the contents.
"""

from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.diagnostics.escaping import quote_name
from hypiler.model_files.architectures import Network, config_facts
from hypiler.model_files.card import card_facts, unread_words
from hypiler.model_files.contradictions import settle_contradictions
from hypiler.model_files.encoder_type import FURTHER_HEAD, Shown, find_encoder_type, loaded_as, remote_code
from hypiler.model_files.encoding import encoding_facts
from hypiler.model_files.facts import Evidence, FileFact, ModelFileError, Problem
from hypiler.model_files.filename_safety import safe_name, unsafe_names
from hypiler.model_files.json_files import mapping
from hypiler.model_files.late_interaction import SIDES, is_pylate
from hypiler.model_files.projection import head_facts, settled_heads
from hypiler.model_files.repository import CARD, MODULES, SETTINGS, Repository
from hypiler.model_files.safetensors_header import header_length
from hypiler.model_files.unread_weights import unread_counts
from hypiler.model_files.weights import is_published, pickle_only, weight_facts
from hypiler.schema.fields import FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

MAX_CHARACTERS = 10_000
"""The most characters of a fact. The lock, models.json and the module would hold them; real facts are far shorter."""

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
    """The files to read next, given the contents read so far in `files`; empty when there are no more.

    `names` are all file names of the repository. Only safe names among them are returned. A file that ends with
    `.safetensors` needs only its header: see `header_length`.
    """
    return Repository(names, files, {}).needed()


def extract_facts(
    names: "Collection[str]",
    files: "Mapping[str, bytes]",
    sizes: "Mapping[str, int] | None" = None,
    *,
    complete: bool = True,
) -> Evidence:
    """What the files say about the model.

    Args:
        names: The file names of the repository.
        files: Contents by name. Of a safetensors file, the bytes up to the end of the header.
        sizes: Sizes of whole files in bytes, as far as they are known.
        complete: Whether `names` are all files of the repository. If not, a missing file proves nothing.

    Never raises for the contents of files. A faulty file becomes one of the problems, and its facts are dropped.
    """
    repository = Repository(names, files, sizes or {}, complete=complete)
    shown = find_encoder_type(repository)
    encoder_type = shown.encoder_type if shown else None
    network = Network(repository)
    code, remote = remote_code(repository)
    facts: dict[str, FileFact | None] = {
        "type": shown.fact if shown else loaded_as(repository),
        "capabilities.multi_vector": _multi_vector(repository, shown),
        "dependencies.remote_code": remote,
        **config_facts(repository, network, encoder_type),
        **head_facts(repository, network, encoder_type),
        **encoding_facts(repository, network, encoder_type),
        **unread_counts(repository, network),
        **weight_facts(repository),
        **card_facts(repository),
    }
    warnings = [*settle_contradictions(repository, network, encoder_type, facts), *unread_words(repository)]
    checked = _valid_facts(facts, repository)
    if not checked and not repository.problems and not _is_model(repository):
        message = f"it is missing, and so is {MODULES}: this is not a model's folder"
        repository.mark_invalid("config.json", message + _models_within(repository))
    encoder_type = encoder_type if "type" in checked else None
    return Evidence(
        encoder_type,
        checked,
        repository.problems,
        code,
        pickle_only=complete and pickle_only(repository.names),
        warnings=[*_warnings(repository, encoder_type), *warnings],
    )


def _multi_vector(repository: Repository, shown: Shown | None) -> FileFact | None:
    if shown is None:
        default = loaded_as(repository)
        return FileFact(False, default.file, default.key, default.note, hint=True) if default else None
    if FURTHER_HEAD in repository.names:
        return FileFact(True, FURTHER_HEAD, "")
    if not settled_heads(repository, shown.encoder_type):
        return None
    return FileFact(shown.encoder_type == "multi_vector", shown.file, shown.key)


def _is_model(repository: Repository) -> bool:
    """Whether there is a model card, or a file as models have them, in the folder itself or as an export."""
    names = [name for name in filter(is_published, repository.names) if "/" not in name.removeprefix("onnx/")]
    return any(name.endswith((".json", ".safetensors", ".onnx", ".gguf", ".bin", CARD)) for name in names)


def _models_within(repository: Repository) -> str:
    """The first folder within that has a model, as the end of a sentence; empty if there is none."""
    ends = ("/config.json", f"/{MODULES}")
    folders = sorted(name.rpartition("/")[0] for name in repository.names if name.endswith(ends))
    return f", but {quote_name(folders[0])} may be one" if folders else ""


def _warnings(repository: Repository, encoder_type: str | None) -> list[Problem]:
    """Settings that change the vectors and have no field in models.json, and settings that change nothing."""
    found: list[Problem] = []
    if encoder_type == "dense":
        for module in repository.modules_of_type("Pooling"):
            if repository.object(module.config).get("include_prompt") is False:
                message = "include_prompt is false: pooling leaves out the tokens of the prompt"
                found.append(Problem(module.config, message))
    adding = "use_residual is true: the layer adds its input to its output"
    layers = [one.config for one in repository.modules_of_type("Dense")]
    found += [Problem(file, adding) for file in layers if repository.object(file).get("use_residual") is True]
    if repository.is_routed:
        message = "queries and documents go through different modules, which are not read"
        found.append(Problem(MODULES, message))
    if repository.lower_case and not repository.object(repository.tokenizer_name).get("do_lower_case"):
        found.append(Problem(repository.network_name, "do_lower_case is true: texts are put into lower case first"))
    return found + _prompt_warnings(repository)


def _prompt_warnings(repository: Repository) -> list[Problem]:
    """Prompts that sentence-transformers does not read or does not find."""
    settings = repository.object(SETTINGS)
    found = [
        Problem(SETTINGS, f"{side}_prefix is not read by sentence-transformers, which reads `prompts`")
        for side in SIDES
        if f"{side}_prefix" in settings and not is_pylate(repository)
    ]
    name = settings.get("default_prompt_name")
    if isinstance(name, str) and name not in {*mapping(settings.get("prompts")), *SIDES}:
        message = f"default_prompt_name is {quote_name(name)}, which is not among the prompts: the model does not load"
        found.append(Problem(SETTINGS, message))
    return found


def _characters(value: "Any") -> int:
    """How many characters the texts in a value have."""
    if isinstance(value, str):
        return len(value)
    members = mapping(value)
    items: list[Any] = [*members, *members.values()] if members else _items(value)
    return sum(map(_characters, items))


def _items(value: "JSONValue | tuple[JSONValue, ...]") -> "list[Any]":
    return [*value] if isinstance(value, list | tuple) else []


def _valid_facts(facts: "dict[str, FileFact | None]", repository: Repository) -> dict[str, FileFact]:
    """Facts in schema order. If one fact of a file fails validation, all facts of that file are dropped."""
    checked: dict[str, FileFact] = {}
    for field in FIELDS:
        fact = facts.get(field.name)
        if fact is None:
            continue
        if (length := _characters(fact.value)) > MAX_CHARACTERS:
            message = (
                f"{quote_name(fact.key)} must have at most {MAX_CHARACTERS} characters to be a fact; it has {length}"
            )
            repository.mark_invalid(fact.file, message)
            continue
        collector = FindingCollector()
        collector.field_path = field.path
        # Files show some facts in another form: the exact number of parameters, which models.json rounds.
        taken = field.compare.is_evidence(fact.value) or (fact.value is None and field.null)
        if taken or field.type.read(fact.value, collector) is not INVALID:
            checked[field.name] = fact
        # A file name that models.json cannot hold does not make the file's contents invalid.
        elif field.path[0] != "files":
            repository.mark_invalid(fact.file, collector.findings[0].message)
    return {path: fact for path, fact in checked.items() if not repository.is_invalid(fact.file)}
