"""What the front matter of a model card says: languages, licence, base model, and a score of the card's own."""

import re

from hypiler.diagnostics.collector import FindingCollector
from hypiler.diagnostics.escaping import quote_name
from hypiler.model_files.facts import FileFact, Problem
from hypiler.model_files.json_files import mapping
from hypiler.model_files.language_names import LANGUAGE_NAMES
from hypiler.model_files.repository import ADAPTER, CARD, Repository
from hypiler.schema.string_types import Language
from hypiler.schema.vocabulary import LANGUAGE_SLIPS, LANGUAGES, LICENSES, TWO_LETTER_CODES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

# Licences of the hub by their names there: those that SPDX lists are the same but for the case.
_SPDX = {license.lower(): license for license in LICENSES} | {
    "c-uda": "C-UDA-1.0",
    "cc-by-2.5": "CC-BY-2.5",
    "ecl-2.0": "ECL-2.0",
    "epl-1.0": "EPL-1.0",
    "epl-2.0": "EPL-2.0",
    "etalab-2.0": "etalab-2.0",
    "lgpl-lr": "LGPLLR",
    "lppl-1.3c": "LPPL-1.3c",
    "ncsa": "NCSA",
    "odbl": "ODbL-1.0",
    "ofl-1.1": "OFL-1.1",
    "osl-3.0": "OSL-3.0",
    "pddl": "PDDL-1.0",
    "postgresql": "PostgreSQL",
}
# How people write a licence instead: words that say nothing, and short forms of what is left, letters and digits alone.
_FILLING = re.compile(r"\b(?:the|licen[cs]e|software|version)\b|v(?=[\d.])")
_SHORT_FORMS = {
    "apache2": "Apache-2.0",
    "creativecommonsattribution40": "CC-BY-4.0",
    "creativecommonsattribution40international": "CC-BY-4.0",
    "gpl3": "GPL-3.0",
    "agpl3": "AGPL-3.0",
    "lgpl3": "LGPL-3.0",
    "mpl2": "MPL-2.0",
}
_PLAIN = {re.sub(r"[^a-z0-9]", "", name): license for name, license in _SPDX.items()} | _SHORT_FORMS
# Terms that SPDX does not list, where models.json spells them otherwise.
_TERMS = {"gemma": "LicenseRef-Gemma", "lfm1.0": "LicenseRef-LFM-1.0"}
# These say no more than that there is a licence.
_VAGUE = ("bsd", "cc", "gfdl", "gpl", "lgpl", "odc-by", "other", "unknown")
# As model cards with results of MTEB name it.
_MS_MARCO = ("msmarco", "mteb/msmarco")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9_.-]+)?")


def card_facts(repository: Repository) -> "dict[str, FileFact | None]":
    """The facts of a card, and the base model that an adapter names."""
    facts = _of_card(repository)
    base = repository.object(ADAPTER).get("base_model_name_or_path")
    if isinstance(base, str) and _MODEL.fullmatch(base):
        facts["dependencies.base_model"] = FileFact(base, ADAPTER, "base_model_name_or_path")
    return facts


# The keys of a card that say something of a model.
_HEEDED = (
    "base_model",
    "language",
    "language_bcp47",
    "library_name",
    "license",
    "license_name",
    "model-index",
    "pipeline_tag",
    "tags",
)


def _of_card(repository: Repository) -> "dict[str, FileFact | None]":
    card, results, faulty = repository.front_matter
    for key in _HEEDED:
        if key in faulty:
            repository.problems.append(Problem(f"{CARD} (`{key}`)", f"front matter: {faulty[key]}"))
    return {
        "capabilities.languages": _languages(card),
        "license": _license(card),
        "performance.ms_marco_mrr10": _score(results),
        "dependencies.base_model": _base_model(card.get("base_model")),
    }


def _languages(card: "dict[str, Any]") -> FileFact | None:
    """Language codes as models.json writes them; what is no language, such as `code`, is left out."""
    found: list[str] = []
    left: list[str] = []
    # Codes with a region have a key of their own in some cards.
    values: list[JSONValue] = [card.get("language"), card.get("language_bcp47")]
    for value in values:
        for word in value if isinstance(value, list) else [value]:
            if isinstance(word, str):
                code = _code(word.strip())
                (found if code else left).append(code or word)
    many = "mul" in found
    found = [code for code in dict.fromkeys(found) if code != "mul"] or (["mul"] if many else [])
    note = f"without {', '.join(quote_name(word) for word in left[:3])}" if left else ""
    key = "language" if card.get("language") else "language_bcp47"
    return FileFact(found, CARD, key, note) if found else None


def _code(word: str) -> str | None:
    """The code of a language in the registry's spelling."""
    if word in LANGUAGES:
        return word
    first, *rest = word.replace("_", "-").split("-")
    first = first.lower()
    # What people write instead of a code, such as `jp` or `English`, has no region.
    slip = LANGUAGE_SLIPS.get(word.lower()) or LANGUAGE_NAMES.get(word.lower())
    meant = slip or TWO_LETTER_CODES.get(first, first)
    code = "-".join([meant, *[part.title() if len(part) == 4 else part.upper() for part in rest]])
    return code if _LANGUAGE.read(code, FindingCollector()) == code else None


_LANGUAGE = Language()


def _license(card: "dict[str, Any]") -> FileFact | None:
    """The licence as SPDX spells it; terms of their own by their name."""
    word, key = card.get("license"), "license"
    if word == "other":
        word, key = card.get("license_name"), "license_name"
    if not isinstance(word, str):
        return None
    name = word.strip().lower()
    if name in _SPDX or name in _TERMS:
        library = name == "mit" and card.get("library_name") == "model2vec"
        note = "model2vec writes it where nobody chose" if library else ""
        return FileFact(_SPDX.get(name) or _TERMS[name], CARD, key, note)
    if name in _VAGUE:
        return None
    if spelled := _PLAIN.get(re.sub(r"[^a-z0-9]", "", _FILLING.sub("", name))):
        return FileFact(spelled, CARD, key, f"{quote_name(word)} on the hub")
    plain = re.sub(r"[^A-Za-z0-9.+-]+", "-", word.strip())[:100].strip("-")
    return FileFact(f"LicenseRef-{plain}", CARD, key, f"{quote_name(word)} on the hub") if plain else None


def _base_model(value: "JSONValue") -> FileFact | None:
    """One base model; several are merged, and none of them is the one that training began with."""
    models = value if isinstance(value, list) else [value]
    if len(models) != 1 or not isinstance(models[0], str) or not _MODEL.fullmatch(models[0]):
        return None
    return FileFact(models[0], CARD, "base_model")


def _score(index: "JSONValue") -> FileFact | None:
    """MRR@10 on the development queries of MS MARCO, of 100 as MTEB writes it; None if it can be mistaken."""
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
