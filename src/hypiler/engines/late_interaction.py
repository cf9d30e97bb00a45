"""How a late-interaction model prepares tokens: the registry's facts and `assume`, completed by the model's files.

A marker is a token that is inserted by its id after the first token of a text. Entries of the older form state their
marker as a prefix: there, the settings of PyLate or of Stanford's ColBERT say that it is a token.
"""

import json
import string
from dataclasses import dataclass

from hypiler.engines.errors import MismatchError, UnknownFactError
from hypiler.model_files.late_interaction import SIDES
from hypiler.stamps.facts import text_after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Model

_PUNCTUATION = frozenset(string.punctuation)
# The mask tokens that the common tokenizers have, for a folder that names none.
_USUAL_MASKS = ("[MASK]", "<mask>")


@dataclass(frozen=True, slots=True)
class TokenPreparation:
    """How tokens are prepared.

    Attributes:
        query_marker: The token that is inserted after the first token of a query; empty if there is none.
        document_marker: The same for documents.
        query_text: The text that is put before a query, after its marker.
        document_text: The same for documents.
        expand: Whether queries are filled up with an expansion token.
        expansion_token: The token that queries are filled up with; None if nothing names one.
        expansion_length: The number of tokens that queries are filled up to.
        attend: Whether the expansion tokens are attended to.
        skiplist_words: The tokens whose vectors are left out.
        skiplist_sides: The sides that leave them out: query, document or both.
        missing: The facts of the registry that nobody states, so that only a library's own defaults could be used.
    """

    query_marker: str = ""
    document_marker: str = ""
    query_text: str = ""
    document_text: str = ""
    expand: bool = False
    expansion_token: str | None = None
    expansion_length: int = 0
    attend: bool = False
    skiplist_words: tuple[str, ...] = ()
    skiplist_sides: tuple[str, ...] = ("document",)
    missing: tuple[str, ...] = ()

    def marker(self, side: str) -> str:
        """The marker of a side; empty if there is none."""
        return self.query_marker if side == "query" else self.document_marker

    def text(self, side: str) -> str:
        """The text before the input of a side, after its marker."""
        return self.query_text if side == "query" else self.document_text

    def prefix(self, side: str) -> str:
        """The marker and the text of a side."""
        return self.marker(side) + self.text(side)

    @property
    def has_text(self) -> bool:
        """Whether there is text before the input of a side, after its marker."""
        return bool(self.query_text or self.document_text)

    def check_known(self, id: str, folder: object) -> None:
        """Raise UnknownFactError if a fact is missing."""
        if self.missing:
            names = ", ".join([f"`encoding.{name}`" for name in self.missing])
            examples = ", ".join([f"{name!r}: …" for name in self.missing])
            raise UnknownFactError(
                f"how `{id}` prepares tokens is unknown: neither the registry nor the files in {folder} state {names};"
                f" look them up and write them into models.json, or pass assume={{{examples}}}"
            )


def prepare_tokens(
    model: "Model", layout: "ModelFolder", lookup: "Callable[[str], Any]", prefixes: "dict[str, str]", query_length: int
) -> TokenPreparation:
    """How a model prepares tokens.

    Args:
        model: The registry's record.
        layout: What the files state.
        lookup: Gives a fact that the registry or `assume` states, by its attribute; None if neither does.
        prefixes: The prefix of each side, as the registry, `assume` or the files state it.
        query_length: The longest query in tokens.

    Raises MismatchError if the registry and the files disagree.
    """
    return _Resolver(model, layout, lookup).resolve(prefixes, query_length)


class _Resolver:
    """Looks up the facts about tokens.

    Attributes:
        model: The registry's record.
        layout: What the files state.
        late: How the files say that tokens are prepared.
        lookup: Gives a fact that the registry or `assume` states.
        missing: The facts that were looked up and that nobody states.
    """

    def __init__(self, model: "Model", layout: "ModelFolder", lookup: "Callable[[str], Any]") -> None:
        self.model, self.layout, self.lookup = model, layout, lookup
        self.late = layout.late_interaction
        self.missing: list[str] = []

    def resolve(self, prefixes: "dict[str, str]", query_length: int) -> TokenPreparation:
        markers = {side: self._marker(side, prefixes[side]) for side in SIDES}
        expand = bool(self._fact("query_expansion", self._held(self.late.expand)))
        words = self._skipped()
        length = self._expansion_length(query_length) if expand else 0
        token = self._fact("expansion_token", self._held(self.late.expansion_token), needed=False) if expand else None
        attend = bool(self._fact("attend_to_expansion_tokens", self._held(self.late.attend))) if expand else False
        return TokenPreparation(
            query_marker=markers["query"][0],
            document_marker=markers["document"][0],
            query_text=markers["query"][1],
            document_text=markers["document"][1],
            expand=expand,
            # Without settings, the libraries take the mask token.
            expansion_token=(token or self.late.expansion_token or _usual_mask(self.layout)) if expand else None,
            expansion_length=length,
            attend=attend,
            skiplist_words=words,
            skiplist_sides=self.late.skiplist_sides,
            missing=tuple(self.missing),
        )

    def _held(self, value: "Any") -> "Any":
        """A value of the files; None if the folder has no settings for late interaction."""
        return value if self.late.source else None

    def _fact(self, name: str, held: "Any", *, needed: bool = True) -> "Any":
        stated = self.lookup(name)
        if stated is not None and held is not None and stated != held:
            self._disagree(name, stated, held)
        if stated is None and held is None and needed:
            self.missing.append(name)
        return held if stated is None else stated

    def _disagree(self, name: str, stated: object, held: object) -> None:
        raise MismatchError(
            f"`encoding.{name}` of `{self.model.id}` is {stated!r} in the registry and {held!r} in the model's files"
            f" ({self.layout.folder}): one of them is wrong"
        )

    def _marker(self, side: str, prefix: str) -> tuple[str, str]:
        """The marker of a side, and the text after it."""
        stated: str | None = self.lookup(f"{side}_marker")
        held = self.late.marker(side) or ""
        if stated is None:
            return self._marker_in_prefix(side, prefix, held)
        if self.late.markers and stated.strip() != held.strip():
            self._disagree(f"{side}_marker", stated, held)
        if prompt := self._prompt_with_marker(side, stated, prefix):
            return "", prompt
        # The files' spelling is used, since blanks around a marker may be part of the token.
        marker = held if self.late.markers else stated
        return marker, text_after(stated, prefix)

    def _prompt_with_marker(self, side: str, marker: str, prefix: str) -> str:
        """The folder's prompt if it is the marker and the text after it; else empty.

        The modules of sentence-transformers put a prompt before the text, and insert no token. An entry that states
        its marker does not change that.
        """
        if self.late.markers or not self.late.source:
            return ""
        name: str | None = getattr(self.model, f"{side}_prompt", None)
        own = self.layout.query_prefix if side == "query" else self.layout.document_prefix
        prompt = (own if name is None else self.layout.prompts.get(name)) or ""
        begins = bool(marker.strip()) and prompt.strip().startswith(marker.strip())
        same = text_after(marker, prompt).strip() == text_after(marker, prefix).strip()
        return prompt if begins and same else ""

    def _marker_in_prefix(self, side: str, prefix: str, held: str) -> tuple[str, str]:
        """The marker that an older entry states as its prefix. A prefix is text unless the files say otherwise."""
        if not self.late.source:
            self.missing.append(f"{side}_marker")
        if not self.late.markers or not prefix:
            return "", prefix
        if getattr(self.model, f"{side}_prompt", None) is not None:
            return held, text_after(held, prefix)
        if held.strip() and prefix.startswith(held):
            return held, prefix.removeprefix(held)
        return prefix, ""

    def _expansion_length(self, query_length: int) -> int:
        held = self._held(self.late.expansion_length or query_length)
        return int(self._fact("expansion_length", held, needed=False) or query_length)

    def _skipped(self) -> tuple[str, ...]:
        """The words whose vectors are left out: punctuation, if it is skipped, and the further words."""
        held = {*self.late.skiplist_words} if self.late.source else None
        whole = None if held is None else held >= _PUNCTUATION
        punctuation = self._fact("skip_punctuation", whole)
        words: tuple[str, ...] | None = self.lookup("skiplist")
        if held is not None:
            skipped = _PUNCTUATION if whole else frozenset[str]()
            if words is not None and {*words} - skipped != held - skipped:
                self._disagree("skiplist", list(words), sorted(held - skipped))
            return self.late.skiplist_words
        return (*(string.punctuation if punctuation else ()), *(words or ()))


def _usual_mask(layout: "ModelFolder") -> str | None:
    """The mask token in the vocabulary of a folder that names none; None if there is none."""
    name = f"{layout.tokenizer.folder}tokenizer.json"
    if not (layout.folder / name).is_file():
        return None
    try:
        words = _vocabulary(json.loads(layout.files.read(name)))
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        # The engine says what is wrong with the file.
        return None
    return next((word for word in _USUAL_MASKS if word in words), None)


def _vocabulary(tokenizer: "Any") -> "set[Any]":
    """The words of a tokenizer.json. Raises an error of Python for a file of another form."""
    words = tokenizer["model"]["vocab"]
    # A vocabulary of unigrams is a list of words, each with its score.
    known: set[Any] = {*words} if type(words) is dict else {word for word, _ in words}
    return known | {one["content"] for one in tokenizer.get("added_tokens", ())}
