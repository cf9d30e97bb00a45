"""Facts from the front matter of a model card: languages, licence, base model, and a score that the card claims."""

import re

from hypiler.diagnostics.collector import FindingCollector
from hypiler.diagnostics.escaping import quote_name
from hypiler.model_files.facts import FileFact, Problem
from hypiler.model_files.json_files import mapping, words
from hypiler.model_files.repository import ADAPTER, CARD, Repository
from hypiler.schema.language_names import LANGUAGE_NAMES
from hypiler.schema.license_expressions import hub_license, is_vague, joined_licenses, license_named, reference_to
from hypiler.schema.string_types import Language
from hypiler.schema.vocabulary import LANGUAGE_SLIPS, LANGUAGES, TWO_LETTER_CODES, WITHDRAWN_CODES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

# The names of MS MARCO in model cards with MTEB results.
_MS_MARCO = ("msmarco", "mteb/msmarco")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9_.-]+)?")
_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/")
# The names without an owner are those of the first models of the hub. Others, such as `scratch`, name no model.
_WITHOUT_OWNER = re.compile(
    r"(?:albert|bart|bert|camembert|ctrl|distil|electra|flaubert|gpt2|openai-gpt|roberta|t5|transfo-xl|xlm|xlnet)"
    r"(?:[a-z]*[-0-9].*|)"
)
# Where trainers save their models.
_CHECKPOINT = re.compile(r"(?:.*/)?checkpoint-\d+")
_FOLDERS = frozenset(("checkpoints", "models", "output", "outputs", "results", "saved_models", "tmp", "trained_models"))
# Words for many languages, and codes of ISO 639 that are no language or that people write for every language.
_MANY = frozenset(("all", "any", "multi", "multi-lingual", "multi lingual"))
_NO_LANGUAGE = frozenset(("mis", "und", "zxx"))


def card_facts(repository: Repository) -> "dict[str, FileFact | None]":
    """The facts of the card, and the base model that an adapter names."""
    facts = _front_matter_facts(repository)
    base = repository.object(ADAPTER).get("base_model_name_or_path")
    # An adapter has no config.json. Its own configuration names the model that it is loaded with.
    if not repository.is_settled(ADAPTER) and not repository.config:
        facts["dependencies.base_model"] = None
    if named := _model_named(base):
        facts["dependencies.base_model"] = _adapter_base(named, facts["dependencies.base_model"])
    return facts


def _adapter_base(base: str, card: FileFact | None) -> FileFact:
    """The model that an adapter is loaded with, which the card may name otherwise."""
    fact = _perhaps_a_folder(FileFact(base, ADAPTER, "base_model_name_or_path"))
    differs = card is not None and card.value.lower() != base.lower()
    return fact.doubted(f"{card.key} in {card.file} is {quote_name(card.value)}") if card and differs else fact


def unread_words(repository: Repository) -> "Iterator[Problem]":
    """What the card says of licence, languages and base model that shows none of them."""
    card = repository.front_matter.card
    unread = {
        "license": "" if _license(card) else "does not tell which licence it is",
        "language": "" if _languages(card) else "names no language",
        "base_model": "" if _base_model(card.get("base_model")) else "names no repository",
    }
    for key, meaning in unread.items():
        value: JSONValue = card.get(key)
        stated = [value] if isinstance(value, str) else words(value) if key != "base_model" else []
        if meaning and (said := ", ".join(filter(None, map(str.strip, stated)))):
            yield Problem(CARD, f"{key} {quote_name(said)} {meaning}")


_LANGUAGE_KEYS = ("language", "languages", "language_bcp47")
# The keys of a card that are read.
_KEYS_READ = (
    "base_model",
    "language",
    "language_bcp47",
    "languages",
    "library_name",
    "license",
    "license_name",
    "model-index",
    "pipeline_tag",
    "tags",
)


def _front_matter_facts(repository: Repository) -> "dict[str, FileFact | None]":
    card, results, faulty = repository.front_matter
    for key in _KEYS_READ:
        if key in faulty:
            repository.problems.append(Problem(f"{CARD} (`{key}`)", f"front matter: {faulty[key]}"))
    return {
        "capabilities.languages": _languages(card),
        "license": _license(card),
        "performance.ms_marco_mrr10": _score(results),
        "dependencies.base_model": _base_model(card.get("base_model")),
    }


def _languages(card: "dict[str, Any]") -> FileFact | None:
    """Language codes as models.json writes them. Words that are no language, such as `code`, are left out."""
    found: list[str] = []
    left: list[str] = []
    # Some cards have a separate key for codes with a region.
    for word in [word for key in _LANGUAGE_KEYS for word in _language_words(card.get(key))]:
        code = _language_code(word)
        (found if code else left).append(code or word)
    many = "mul" in found
    found = [code for code in dict.fromkeys(found) if code != "mul"] or (["mul"] if many else [])
    note = f"without {', '.join(quote_name(word) for word in left[:3])}" if left else ""
    if not found:
        return None
    fact = FileFact(found, CARD, next(key for key in _LANGUAGE_KEYS if card.get(key)), note)
    # The hub shows languages among the tags, and some cards name further ones there.
    tags = [tag for tag in words(card.get("tags")) if len(tag) == 2 and tag in LANGUAGES and tag not in found]
    return fact.doubted(f"tags also name {', '.join(map(quote_name, tags[:3]))}") if tags else fact


def _language_words(value: "JSONValue") -> "Iterator[str]":
    """The words of a key for languages. Some cards list codes in one text."""
    items = value if isinstance(value, list) else re.split(r"[,;/|]", value) if isinstance(value, str) else []
    for item in items:
        word = item.strip() if isinstance(item, str) else ""
        parts = word.split()
        if len(parts) > 1 and all(part in LANGUAGES for part in parts):
            yield from parts
        elif word:
            yield word


def _language_code(word: str) -> str | None:
    """A language code in the registry's spelling; None if the word is no language."""
    if word.lower() in _MANY:
        return "mul"
    if word.lower() in _NO_LANGUAGE:
        return None
    if word in LANGUAGES:
        return word
    # mBART writes `en_XX` for a language without a region.
    first, *rest = word.replace("_", "-").removesuffix("-XX").split("-")
    first = first.lower()
    # A word that people write instead of a code, such as `jp` or `English`, has no region.
    slip = LANGUAGE_SLIPS.get(word.lower()) or LANGUAGE_NAMES.get(word.lower())
    meant = slip or TWO_LETTER_CODES.get(first) or WITHDRAWN_CODES.get(first, first)
    code = "-".join([meant, *[part.title() if len(part) == 4 else part.upper() for part in rest]])
    return code if _LANGUAGE.read(code, FindingCollector()) == code else None


_LANGUAGE = Language()


def _license(card: "dict[str, Any]") -> FileFact | None:
    """The licence as an SPDX identifier. Terms that SPDX does not list become `LicenseRef-Name`.

    None for a list of several licences, which does not say whether all of them apply or one of them.
    """
    word: JSONValue = card.get("license")
    key = "license"
    if isinstance(word, list) and len(word) == 1:
        word = word[0]
    if word == "other":
        word, key = card.get("license_name"), "license_name"
    if not isinstance(word, str):
        return None
    name = word.strip().lower()
    meant = license_named(name) or joined_licenses(name) or (None if is_vague(name) else reference_to(word))
    if meant is None:
        return None
    spelled = FileFact(meant, CARD, key, "" if hub_license(name) else f"{quote_name(word)} on the hub")
    library = name == "mit" and card.get("library_name") == "model2vec"
    return spelled.doubted("model2vec writes it by default") if library else spelled


def _base_model(value: "JSONValue") -> FileFact | None:
    """The base model; None if the card names several, since a merge did not start from one of them."""
    models = value if isinstance(value, list) else [value]
    named = _model_named(models[0]) if len(models) == 1 else None
    return _perhaps_a_folder(FileFact(named, CARD, "base_model")) if named else None


def _model_named(value: "JSONValue") -> str | None:
    """The repository that a text names, which may be its address; None for paths and for words that name no model."""
    if not isinstance(value, str):
        return None
    name = _ADDRESS.sub("", value.strip(), count=1).removesuffix("/")
    if not _MODEL.fullmatch(name) or _CHECKPOINT.fullmatch(name) or name.lower() in ("n/a", "none"):
        return None
    return name if "/" in name or _WITHOUT_OWNER.fullmatch(name) else None


def _perhaps_a_folder(fact: FileFact) -> FileFact:
    """The fact, doubtful if it looks like a folder of those who trained the model."""
    owner = fact.value.partition("/")[0]
    return fact.doubted(f"{quote_name(owner)} may be a folder of those who trained it") if owner in _FOLDERS else fact


def _score(index: "JSONValue") -> FileFact | None:
    """MRR@10 on the development queries of MS MARCO; None if the score is ambiguous. MTEB states it in 0..100."""
    found: list[float] = []
    for model in _mappings(index):
        for result in _mappings(model.get("results")):
            data, metrics = mapping(result.get("dataset")), _mappings(result.get("metrics"))
            if data.get("type") in _MS_MARCO and data.get("split") == "dev":
                found += [_number(one.get("value")) for one in metrics if one.get("type") == "mrr_at_10"]
    if len(found) != 1 or not 1 < found[0] <= 100:
        return None
    return FileFact(round(found[0] / 100, 6), CARD, "model-index", "the card's own claim")


def _mappings(value: "JSONValue") -> "list[dict[str, Any]]":
    return [mapping(item) for item in value] if isinstance(value, list) else []


def _number(value: "JSONValue") -> float:
    return float(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{1,30})?", value) else 0.0
