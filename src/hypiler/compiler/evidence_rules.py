"""The rules for what an entry says about its own evidence: sources, commits, files and scores.

To add a rule, write its function here and its page in docs/diagnostics.
"""

import re

from hypiler.compiler.registry_rules import registry_rule
from hypiler.compiler.rule_set import RuleSet
from hypiler.compiler.rules import parts_of
from hypiler.diagnostics.codes import NOTE, WARNING
from hypiler.diagnostics.escaping import quote_name
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hypiler.compiler.decoded import DecodedModel
    from hypiler.compiler.rule_set import Violation
    from hypiler.diagnostics.finding import Path

    Violations = Iterator[Violation]

evidence_rule: RuleSet = RuleSet()
"""Declares a rule for one model, as `hypiler.compiler.rules.rule` does."""

# The patterns are compiled when a text first asks for them, since that takes longer than checking a registry.
#
# How sources name a commit behind a repository: `/blob/7d8fee1`, `/modules.json @7d8fee1`, ` commit 7d8fee1`. A page of
# `/commits/` is a history: nothing was read at the commit that it begins with.
_COMMIT = (
    r"(?:/(?:blob|tree|resolve|raw|commit|blame)/|(?:/[^\s;,()@]*)?(?:\s*\(?(?:blame )?@|\s+commit\s+))"
    r"([0-9a-f]{7,40})\b"
)
# What ends before the name of a repository of the hub. Behind another host, or in a path, it is the name of a copy.
_BEFORE = r"(?:^|[^\w./-]|(?:huggingface\.co|hf\.co|hf-mirror\.com)/)$"
_LONGEST = 200  # characters between a repository and its commit
_MOST_NAMED = 3  # facts that a message names


@evidence_rule("M220", "read-at-another-commit", NOTE, needs=("sources", "revision", "huggingface_id"), given="sources")
def read_at_another_commit(model: "DecodedModel") -> "Violations":
    """`revision` is the commit that the facts were read at."""
    revision, repository = model.revision, model.huggingface_id
    if not revision or not repository:
        return
    others: dict[str, str] = {}
    for path, source in model.sources.items():
        if path.partition(".")[0] in _OF_NO_VERSION or path in _OF_NO_VERSION:
            continue
        commits = _commits_named(source, repository) if isinstance(source, str) else _commit_of(source, repository)
        if commits and not any(revision.startswith(commit) for commit in commits):
            others[path] = commits[0]
    if others:
        named = ", ".join([f"{quote_name(path)} ({commit[:7]})" for path, commit in [*others.items()][:_MOST_NAMED]])
        more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        message = f"`revision` is {revision[:7]}, but `sources` names other commits for {named}{more}"
        help = "read these facts again at `revision`, or move `revision` to the commit that they were read at"
        yield model.at("sources", message, (next(iter(others)),), help=help)


# A publication, such as a date or a score, is about every version of a model. Nobody knows what `extra` is about.
_OF_NO_VERSION = frozenset([field.name for field in FIELDS if field.origin == "publication"] + ["extra"])


def _commits_named(source: str, repository: str) -> list[str]:
    """The commits of a repository of the hub that a text names."""
    commits: list[str] = []
    start = source.find(repository)
    while start >= 0:
        end = start + len(repository)
        found = re.match(_COMMIT, source[end : end + _LONGEST])
        if found and re.search(_BEFORE, source[max(0, start - _LONGEST) : start]):
            commits.append(found[1])
        start = source.find(repository, end)
    return commits


def _commit_of(source: "Any", repository: str) -> list[str]:
    """The commits of a repository that a source with parts names."""
    own = str(source.get("repository", "")).lower() == repository.lower()
    return [source["commit"]] if own and "commit" in source else _commits_named(source.get("url", ""), repository)


_FILES = tuple([field.attribute for field in FIELDS if field.attribute.endswith("_file")])
_PINS = ("id", "revision", "huggingface_id", "file_sha256", "variants")
_VARIANT = parts_of("variants")
_FILE, _SHA256 = _VARIANT.index("file"), _VARIANT.index("sha256")


@registry_rule("M221", "file-without-revision", NOTE, needs=(*_FILES, *_PINS))
def file_without_revision(models: "list[DecodedModel]") -> "Violations":
    """A branch moves: only a commit or a sha256 says which file is meant."""
    found = [(model, place) for model in models if (place := _moving_file(model))]
    if found:
        # One finding for all, since a registry that pins nothing would have one per model.
        model, (attribute, part) = found[0]
        help = "write the commit into `revision`, or run `hypiler pin`"
        yield model.at(attribute, _moving_files(models, [one for one, _ in found]), part, help=help)


def _moving_files(models: "list[DecodedModel]", found: "list[DecodedModel]") -> str:
    """The message about all entries that name files of no certain version, and how many others have no commit."""
    states = "neither `revision` nor a sha256"
    named = ", ".join([f"`{model.id}`" for model in found[:_MOST_NAMED]])
    if len(found) == 1:
        message = f"the files of {named} may change: its entry states {states}"
    else:
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        message = f"the files of {len(found)} models may change: their entries state {states} ({named}{more})"
    others = sum(1 for model in models if model.huggingface_id and not model.revision) - len(found)
    if others:
        count = "1 other entry states" if others == 1 else f"{others} other entries state"
        message += f"; {count} no `revision`, but no file either that could change"
    return message


def _moving_file(model: "DecodedModel") -> "tuple[str, Path] | None":
    """Where the entry names a file of a repository without saying which version is meant: attribute and part."""
    if model.revision or not model.huggingface_id:
        return None
    for attribute in _FILES:
        if (file := getattr(model, attribute)) and file not in model.file_sha256:
            return attribute, ()
    for index, variant in enumerate(model.variants):
        if variant[_FILE] and not variant[_SHA256]:
            return "variants", (index, "file")
    return None


_SCORE = parts_of("scores")
_DATASETS, _SOURCE = _SCORE.index("datasets"), _SCORE.index("source")
_SCORES = ("beir_avg", "beir_datasets", "scores", "sources")


@evidence_rule("M222", "score-without-datasets", WARNING, needs=_SCORES)
def score_without_datasets(model: "DecodedModel") -> "Violations":
    """Means over different data sets cannot be compared."""
    if model.beir_avg is not None and model.beir_datasets is None:
        message = "`performance.beir_datasets` must be set, since `beir_avg` is given"
        help = (
            "write the number of data sets that the mean is over, such as `beir-13`; a mean over unknown ones belongs"
            " in `performance.scores`"
        )
        yield model.at("beir_avg", message, help=help)
    for index, score in enumerate(model.scores):
        if not score[_DATASETS] and not _has_source(model, index):
            message = f"`performance.scores[{index}].datasets` must name the data sets of the score"
            help = "list them, even if there is only one; if the publication names none, state it as `source`"
            yield model.at("scores", message, (index,), help=help)


def _has_source(model: "DecodedModel", index: int) -> bool:
    """Whether an entry says where one of its scores was published."""
    place = f"performance.scores[{index}]"
    return bool(model.scores[index][_SOURCE]) or any(path.startswith(place) for path in model.sources)


@evidence_rule("M249", "score-datasets-unknown", NOTE, needs=("scores", "sources"), given="scores")
def score_datasets_unknown(model: "DecodedModel") -> "Violations":
    """A published score whose data sets are not named can be looked up, but not compared."""
    for index, score in enumerate(model.scores):
        if not score[_DATASETS] and _has_source(model, index):
            message = f"`performance.scores[{index}]` names no data sets, so it can be compared with no other score"
            yield model.at("scores", message, (index,), help="list the data sets if the publication names them")


# Metrics that are fractions, as people write them: `nDCG@10`, `ndcg_at_10`, `MRR`, `Recall@100`, `R@5`.
_FRACTION = (
    r"(?i)(?:mean |average |avg\.? )?"
    r"(?:ndcg|mrr|map|recall|precision|accuracy|acc|hits?|hit rate|success|f1|r|p)(?![a-z])"
)
_METRIC, _VALUE = _SCORE.index("metric"), _SCORE.index("value")


@evidence_rule("M223", "score-not-a-fraction", WARNING, needs=("scores",), given="scores")
def score_not_a_fraction(model: "DecodedModel") -> "Violations":
    """Scores of ranking are 0..1 in a registry, however they were printed."""
    for index, score in enumerate(model.scores):
        value = score[_VALUE]
        if not 0 <= value <= 1 and re.match(_FRACTION, score[_METRIC].strip()):
            message = (
                f"`performance.scores[{index}].value` must be in 0..1 for {quote_name(score[_METRIC])}, got {value}"
            )
            help = f"write {round(value / 100, 6)}" if 1 < value <= 100 else None
            yield model.at("scores", message, (index, "value"), help=help)


# Statements that vectors can be cut. Inside an address or a longer name, the word belongs to something else.
_STATEMENT = (
    r"(?i)(?<![\w/-])(?:matryoshka|MRL)(?![\w/-]*/)(?!_)\b"
    r"|\b(?:embeddings?|vectors?|dimensions?) (?:can be|may be|are) (?:truncated|cut|shortened)"
    r"|\btruncat\w+ (?:the )?(?:embeddings?|vectors?|(?:output )?dimensions?)"
)
_DENIAL = r"(?i)\b(?:no|not|non|without|never|unlike|cannot)\b[^.;]{0,30}$|n't [^.;]{0,30}$"
# Most entries have none of these words, and a search for them in all texts at once costs less than the patterns.
_HINTS = ("matryoshka", "mrl", "truncat", "shorten", " cut")
_STATED = ("matryoshka", "matryoshka_dims", "matryoshka_max")


@evidence_rule("M224", "matryoshka-not-stated", WARNING, needs=(*_STATED, "sources", "extra", "description"))
def matryoshka_not_stated(model: "DecodedModel") -> "Violations":
    """Where no widths are stated, vectors cannot be cut; other places of the entry must not say otherwise."""
    if model.matryoshka is not None or model.matryoshka_dims or model.matryoshka_max or not _may_say_so(model):
        return
    for attribute, part, statement in _statements(model):
        where = ".".join([FIELDS[BY_ATTRIBUTE[attribute]].name, *part])
        message = f"{quote_name(where)} says {quote_name(statement)}, but no Matryoshka widths are stated"
        help = "write `architecture.matryoshka_dims` or `matryoshka_range`, or `capabilities.matryoshka`: false"
        yield model.at(attribute, message, part, help=help)
        return


def _may_say_so(model: "DecodedModel") -> bool:
    texts = [model.description or "", *model.extra]
    texts += [source if isinstance(source, str) else source.get("quote", "") for source in model.sources.values()]
    texts += [value for value in model.extra.values() if isinstance(value, str)]
    return _has_hint("\n".join(texts))


def _has_hint(text: str) -> bool:
    lower = text.lower()
    return any(hint in lower for hint in _HINTS)


def _statements(model: "DecodedModel") -> "Iterator[tuple[str, tuple[str, ...], str]]":
    """The places that say that vectors can be cut: attribute, key, and the words."""
    for key, value in model.extra.items():
        named = "matryoshka" in key.lower() or "mrl" in key.lower().split("_")
        if named and value not in (None, False, "", (), "no", "No", "none", "false"):
            yield "extra", (key,), key
        elif isinstance(value, str) and (words := _statement(value)):
            yield "extra", (key,), words
    for path, source in model.sources.items():
        if words := _statement(source if isinstance(source, str) else str(source.get("quote", ""))):
            yield "sources", (path,), words
    if words := _statement(model.description or ""):
        yield "description", (), words


def _statement(text: str) -> str:
    """The words of a text that say that vectors can be cut; empty if there are none."""
    for found in re.finditer(_STATEMENT, text) if _has_hint(text) else ():
        if not re.search(_DENIAL, text[: found.start()]):
            return found[0]
    return ""
