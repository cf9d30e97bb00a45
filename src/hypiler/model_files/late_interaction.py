"""Reads how a late-interaction model prepares tokens, from the settings of one of three libraries.

PyLate and Stanford's ColBERT insert a marker, which is one token of the vocabulary, after the first token of a text.
The modules of sentence-transformers use prompts instead, which are text.
"""

import string
from typing import NamedTuple

from hypiler.model_files.facts import FileFact
from hypiler.model_files.json_files import mapping, positive, text, words
from hypiler.model_files.repository import MODULES, SETTINGS, STANFORD, Repository
from hypiler.model_files.tokenizer_classes import MASKS
from hypiler.model_files.tokenizer_settings import Token, read_tokenizer_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SIDES = ("query", "document")
# Stanford's ColBERT writes `doc_maxlen`.
_SHORT = {"query": "query", "document": "doc"}
_UNUSED = {"query": "[unused0]", "document": "[unused1]"}


class LateInteraction(NamedTuple):
    """How tokens are prepared.

    Attributes:
        source: The file with the settings; empty if there is none.
        query_marker: The token that is inserted after the first token of a query; None if there is none.
        document_marker: The same for documents.
        expand: Whether queries are padded with an expansion token.
        expansion_token: The token that queries are padded with; without settings, the default one of the tokenizer.
        expansion_length: The length in tokens to pad to, if it is not the length of queries.
        attend: Whether the expansion tokens are attended to.
        skiplist_words: Tokens whose vectors are left out.
        skiplist_sides: The sides that leave them out: query, document or both.
    """

    source: str = ""
    query_marker: str | None = None
    document_marker: str | None = None
    expand: bool = False
    expansion_token: str | None = None
    expansion_length: int | None = None
    attend: bool = False
    skiplist_words: tuple[str, ...] = ()
    skiplist_sides: tuple[str, ...] = ("document",)

    @property
    def markers(self) -> bool:
        """Whether a prefix begins with a marker, which is inserted after the first token of the text."""
        return self.source in (SETTINGS, STANFORD)

    def marker(self, side: str) -> str | None:
        """The marker of a side."""
        return self.query_marker if side == "query" else self.document_marker


def is_pylate(repository: Repository) -> bool:
    """Whether the model has settings of PyLate."""
    return repository.object(SETTINGS).get("model_type") == "ColBERT" or pylate_key(repository) is not None


def pylate_key(repository: Repository) -> str | None:
    """The first key of the settings that only PyLate writes; None if there is none.

    PyLate's models have no pooling. Beside a pooling, somebody has added the key, and no library reads it.
    """
    settings = repository.object(SETTINGS)
    key = next((f"{side}_prefix" for side in SIDES if f"{side}_prefix" in settings), None)
    return None if key is None or repository.modules_of_type("Pooling") else key


def is_stanford(repository: Repository) -> bool:
    """Whether the model has settings of Stanford's ColBERT alone. PyLate's models may contain them as well."""
    return not is_pylate(repository) and bool(repository.object(STANFORD)) and repository.modules is None


def read_late_interaction(repository: Repository) -> LateInteraction:
    """The settings of PyLate, of Stanford's ColBERT, or of the modules of sentence-transformers, in this order."""
    if is_pylate(repository):
        return _pylate(repository.object(SETTINGS), _mask_token(repository))
    if is_stanford(repository):
        return _stanford(repository.object(STANFORD), _mask_token(repository))
    masks = repository.modules_of_type("MultiVectorMask")
    if not masks:
        return LateInteraction(expansion_token=_mask_token(repository))
    expansion = mapping(repository.network_settings.get("query_expansion"))
    mask = repository.object(masks[0].config)
    sides = mask.get("skiplist_tasks")
    return LateInteraction(
        source=MODULES,
        expand=bool(expansion),
        expansion_token=text(expansion.get("token")) or _mask_token(repository),
        expansion_length=None if expansion.get("strategy") == "fixed" else positive(expansion.get("length")),
        attend=expansion.get("attend") is True,
        skiplist_words=tuple(words(mask.get("skiplist_words"))),
        skiplist_sides=("document",) if sides is None else (sides,) if isinstance(sides, str) else tuple(words(sides)),
    )


def _pylate(settings: "dict[str, Any]", token: str | None) -> LateInteraction:
    skipped = settings.get("skiplist_words")
    return LateInteraction(
        source=SETTINGS,
        query_marker=text(settings.get("query_prefix")),
        document_marker=text(settings.get("document_prefix")),
        expand=settings.get("do_query_expansion") is not False,
        expansion_token=token,
        attend=bool(settings.get("attend_to_expansion_tokens", settings.get("attend_to_mask_tokens"))),
        skiplist_words=tuple(string.punctuation) if skipped is None else tuple(words(skipped)),
    )


def _stanford(metadata: "dict[str, Any]", token: str | None) -> LateInteraction:
    return LateInteraction(
        source=STANFORD,
        query_marker=text(metadata.get("query_token_id")) or _UNUSED["query"],
        document_marker=text(metadata.get("doc_token_id")) or _UNUSED["document"],
        expand=True,
        expansion_token=token,
        attend=bool(metadata.get("attend_to_mask_tokens")),
        skiplist_words=tuple(string.punctuation) if metadata.get("mask_punctuation", True) else (),
    )


def _mask_token(repository: Repository) -> str | None:
    """The default expansion token: the mask token, or the end token of a model without a mask token."""
    return _named_mask(repository)[1]


def _named_mask(repository: Repository) -> tuple[str, str | None]:
    """The name of the default expansion token, and the token; None if the tokenizer's settings name none."""
    settings = read_tokenizer_settings(repository)
    tokens = {"mask_token": MASKS.get(settings.tokenizer_class), **settings.tokens}
    for name in ("mask_token", "eos_token"):
        token = tokens.get(name)
        if found := token.content if isinstance(token, Token) else token:
            return name, found
    return "mask_token", None


def side_length(repository: Repository, side: str) -> FileFact | None:
    """The longest input of a side; None if the side has no limit of its own."""
    name, network = repository.network_name, repository.network_settings
    expansion = mapping(network.get("query_expansion"))
    fixed = expansion if side == "query" and expansion.get("strategy") == "fixed" else {}
    places: list[tuple[str, str, dict[str, Any], str]] = [
        (SETTINGS, "", repository.object(SETTINGS), f"{side}_length"),
        (STANFORD, "", repository.object(STANFORD) if is_stanford(repository) else {}, f"{_SHORT[side]}_maxlen"),
        # With the strategy "fixed", queries are padded to this length. Otherwise it is no limit.
        (name, "query_expansion.", fixed, "length"),
        (name, "", network, f"{side}_length"),
    ]
    for file, path, held, key in places:
        if (value := positive(held.get(key))) is not None:
            return FileFact(value, file, path + key)
    return None


def stanford_marker(repository: Repository, side: str) -> FileFact | None:
    """The marker of a side in the settings of Stanford's ColBERT; None if they do not name one."""
    key = f"{_SHORT[side]}_token_id"
    token = text(repository.object(STANFORD).get(key)) if is_stanford(repository) else None
    return FileFact(token, STANFORD, key) if token else None


def late_interaction_facts(repository: Repository) -> "dict[str, FileFact | None]":
    """The facts about expansion and skipped tokens that the settings of one of the three libraries state."""
    late = read_late_interaction(repository)
    facts = _facts_of_modules(repository) if late.source == MODULES else _facts_of_settings(repository, late.source)
    if late.source and late.expand:
        facts["encoding.expansion_token"] = _expansion_token(repository)
        facts["encoding.expansion_length"] = _expansion_length(repository)
    return facts


def _facts_of_settings(repository: Repository, file: str) -> "dict[str, FileFact | None]":
    """The facts in the settings of PyLate or of Stanford's ColBERT."""
    settings = repository.object(file) if file else {}
    attend = "attend_to_expansion_tokens" if file == SETTINGS else "attend_to_mask_tokens"
    facts = {
        "encoding.query_expansion": _flag(settings, file, "do_query_expansion"),
        "encoding.attend_to_expansion_tokens": _flag(settings, file, attend),
        "encoding.skip_punctuation": _flag(settings, file, "mask_punctuation"),
    }
    return facts | (_skipped_facts(settings, file) if file == SETTINGS else {})


def _facts_of_modules(repository: Repository) -> "dict[str, FileFact | None]":
    """The facts in the settings of the modules of sentence-transformers."""
    file, network = repository.network_name, repository.network_settings
    mask = repository.modules_of_type("MultiVectorMask")[0].config
    expansion = mapping(network.get("query_expansion"))
    facts: dict[str, FileFact | None] = {}
    if network:
        facts["encoding.query_expansion"] = FileFact(bool(expansion), file, "query_expansion")
    if expansion:
        facts["encoding.attend_to_expansion_tokens"] = FileFact(
            expansion.get("attend") is True, file, "query_expansion.attend"
        )
    if read_late_interaction(repository).skiplist_sides == ("document",):
        facts |= _skipped_facts(repository.object(mask), mask)
    return facts


def _expansion_token(repository: Repository) -> FileFact | None:
    """The token that queries are filled up with: the one that is named, or else the mask token of the tokenizer."""
    token = text(mapping(repository.network_settings.get("query_expansion")).get("token"))
    if token:
        return FileFact(token, repository.network_name, "query_expansion.token")
    key, found = _named_mask(repository)
    file = f"{read_tokenizer_settings(repository).folder}tokenizer_config.json"
    return FileFact(found, file, key) if found and repository.object(file) else None


def _expansion_length(repository: Repository) -> FileFact | None:
    """The length that queries are filled up to: a length of its own, or else the length of queries."""
    length = positive(mapping(repository.network_settings.get("query_expansion")).get("length"))
    if length is None:
        return side_length(repository, "query")
    return FileFact(length, repository.network_name, "query_expansion.length")


def _flag(settings: "dict[str, Any]", file: str, key: str) -> FileFact | None:
    return FileFact(settings[key], file, key) if isinstance(settings.get(key), bool) else None


def _skipped_facts(settings: "dict[str, Any]", file: str) -> "dict[str, FileFact | None]":
    """The words whose vectors are left out of documents, if the settings list them."""
    key = "skiplist_words"
    if not isinstance(settings.get(key), list):
        return {}
    skipped = words(settings[key])
    whole = {*string.punctuation} <= {*skipped}
    further = [word for word in skipped if word and not (whole and word in string.punctuation)]
    return {
        "encoding.skip_punctuation": FileFact(whole, file, key),
        "encoding.skiplist": FileFact(further, file, key) if further else None,
    }
