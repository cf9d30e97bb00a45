"""The encoder of an adapter: loaded when it is first needed, once per process."""

import json
import os
from collections.abc import Mapping
from threading import Lock
from weakref import WeakValueDictionary

from hypiler.frameworks.descriptions import (
    arguments_of,
    check_load,
    config_of_id,
    describe,
    opened,
    opened_load,
    plain_load,
)
from hypiler.space import SpaceError, compare
from hypiler.space import check as check_space
from hypiler.stamps.outputs import chosen, output_kind
from hypiler.stores import read_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from hypiler.frameworks.descriptions import Description
    from hypiler.protocols import Config, Encoder
    from hypiler.space import Comparison

    Key: TypeAlias = tuple[Config | None, str]
    EncoderSource: TypeAlias = Encoder | Config | str | Mapping[str, Any]
else:
    # For pydantic, Haystack and other tools that look up annotations at run time.
    Any = Comparison = Encoder = EncoderSource = object
    Description = dict[str, object]


class Source:
    """Where an adapter gets its encoder from.

    Copies share the encoder. A pickle holds the config and the arguments of `load`, and no weights or keys.

    Attributes:
        model: The id of the model.
        config: The model and the choices; None for an encoder that `load` did not create.
    """

    __slots__ = ("_described", "_encoder", "_is_given", "_load", "_lock", "config", "model")

    def __init__(self, given: "Any", load: "Mapping[str, Any] | None", takes: str, adapter: str) -> None:
        """Create the source of an adapter.

        Args:
            given: A loaded encoder, a config, the id of a shipped model, or a description: `EncoderSource`.
            load: Arguments of `config.load` for anything but a loaded encoder.
            takes: The type of encoder that the adapter needs: `dense`, `sparse` or `reranker`.
            adapter: The adapter's name, for messages.

        Raises TypeError if the model is of another type or `given` is none of these, and ValueError for a description
        or arguments that cannot be used.
        """
        self._lock = Lock()
        self._encoder: Encoder | None = None
        self._is_given = False
        self._described: Description | None = None
        self.config: Config | None
        self._load = dict(load or {})
        # `issubclass`, since type checkers would make it a mapping of unknown types.
        if issubclass(type(given), Mapping):
            given, described = opened(given)
            self._load = described | self._load
        if isinstance(given, str):
            given = config_of_id(given)
        check_load(self._load)
        if hasattr(given, "encode_queries"):
            self._take_encoder(given)
        elif hasattr(given, "load"):
            self.config = given
        else:
            raise TypeError(
                f"{adapter} takes a loaded encoder, a ModelConfig, the id of a model or a description; got"
                f" {type(given).__name__}"
            )
        self.model: str = _model_id(self.config, self._encoder)
        _check_type(self._type(), takes, self.model, adapter)
        if self._is_given and (key := self._key()) is not None:
            _LOADED.setdefault(key, self._encoder)

    def _take_encoder(self, encoder: "Any") -> None:
        if self._load:
            raise ValueError(
                f"`load` has arguments for loading a model, and {encoder!r} is loaded; pass a config instead"
            )
        self._encoder, self._is_given = encoder, True
        self.config = getattr(encoder, "config", None)

    def _type(self) -> str:
        """The type of the encoder. Static models give dense vectors."""
        config: Any = self.config
        if self._encoder is not None:
            found = str(self._encoder.contract.encoder_type)
        elif config.model is None:
            raise ValueError(
                f"{config!r} was not created from a registry entry, so how it turns text into vectors is unknown"
            )
        else:
            found = output_kind(chosen(config.model, config.output))
        return "dense" if found == "static" else found

    @property
    def encoder(self) -> "Encoder":
        """The encoder, which is loaded now if it was not. Equal sources of a process share one encoder."""
        if self._encoder is None:
            with self._lock:
                if self._encoder is None:
                    self._encoder = _loaded(self._key(), self._loaded)
        return self._encoder

    def _loaded(self) -> "Encoder":
        config: Any = self.config
        encoder: Encoder = config.load(**self._load)
        return encoder

    def _key(self) -> "Key | None":
        """Equal for sources that load the same; None if that cannot be said."""
        model: Any = getattr(self.config, "model", None)
        try:
            return self.config, json.dumps([self._arguments(), {**model.file_sha256}], sort_keys=True)
        except (AttributeError, TypeError, ValueError):
            return None

    def space(self) -> "dict[str, Any]":
        """The stamp without a probe, of the encoder if it is loaded, or else of the config."""
        known: Any = self._encoder or self.config
        found: dict[str, Any] = known.space()
        return found

    def refuse(self, stamp: object) -> None:
        """Raise SpaceError if a stamp does not fit the config of an encoder that is not loaded."""
        if self._encoder is None:
            config: Any = self.config
            found = compare(stamp, config)
            if found.outcome == "different":
                raise SpaceError(found.advice, found)

    def describe(self) -> "Description":
        """The source as JSON types, from which `Source` finds the same encoder in another process.

        It has the model's id, its registry, the pinned commit, the choices and how to load it, but no keys of APIs.
        Raises ValueError if the encoder cannot be described.
        """
        if self._described is None:
            self._described = describe(self.config, self._arguments(), self.model)
        copied: Description = json.loads(json.dumps(self._described))
        return copied

    def _arguments(self) -> "dict[str, Any]":
        """The arguments of `load` as JSON types: as they were given, or those of the encoder that was given."""
        if self._is_given and self.config is not None:
            return arguments_of(self._encoder, self.model)
        return plain_load(self._load)

    def __reduce__(self) -> "tuple[Any, ...]":
        if self.config is None:
            raise ValueError(f"the encoder of `{self.model}` was not created by `load`, so it cannot be pickled")
        return _restored, (self.config, self._arguments(), self._type())

    def __copy__(self) -> "Source":
        return self

    def __deepcopy__(self, memo: object) -> "Source":
        return self

    def __repr__(self) -> str:
        return f"<Source of {self.model!r}{'' if self._encoder is None else ', loaded'}>"


class Adapter:
    """What every adapter of a framework can do."""

    _source: Source

    @property
    def encoder(self) -> "Encoder":
        """The encoder of `hypiler.engines`. A config or an id is loaded when the encoder is first needed."""
        return self._source.encoder

    def space(self) -> "dict[str, Any]":
        """The stamp of the encoder without a probe. `stores.check` calls it, so it takes adapters as well."""
        return self.encoder.space()

    def stamp(self) -> "dict[str, Any]":
        """The stamp of the encoder, as JSON types: store it with the index, and pass it to `check` later.

        For a stamp, nine fixed texts are encoded once.
        """
        return self.encoder.stamp()

    def check(self, stored: object) -> "Comparison":
        """Check that the vectors of an index fit this encoder. Call it before the index is used.

        If the facts of the model already show that the vectors do not fit, this does not load the encoder.

        Args:
            stored: The stamp that was stored with the index: as JSON types, as a text or bytes of JSON, or in the
                metadata of a vector store, under the key `hypiler`. None for an index without a stamp.

        Returns:
            The comparison, if the vectors are the same or close.

        Raises:
            SpaceError: If the vectors are of another space, or queries are encoded differently.
            UndecidedError: If too little is known, for example because the index has no stamp. It is a SpaceError.
        """
        is_id = isinstance(stored, str) and not stored.lstrip().startswith(("{", '"', "["))
        stamp = stored if is_id else read_stamp(stored)
        self._source.refuse(stamp)
        return check_space(stamp, self.encoder)


# ---- types ----


def _check_type(found: str, takes: str, model: str, adapter: str) -> None:
    """Raise TypeError unless an adapter can use a model of this type."""
    if found == takes:
        return
    reason = " Frameworks have no place for one vector per token." if found == "multi_vector" else ""
    raise TypeError(
        f"{adapter} takes a {takes} model, and `{model}` is a {found.replace('_', '-')} one."
        f"{reason or _remedies(found)}"
    )


def _remedies(found: str) -> str:
    names = {"dense": "embeddings", "sparse": "sparse vectors", "reranker": "reranking"}
    return f" Use the adapter for {names[found]}." if found in names else ""


def _model_id(config: "Any", encoder: "Any") -> str:
    if encoder is not None:
        return str(encoder.contract.id)
    return str(config.repo if config.model is None else config.model.id)


# ---- loading ----

_LOADED: "WeakValueDictionary[Key, Any]" = WeakValueDictionary()
_LOCKS: "dict[Key, Lock]" = {}


def _forget() -> None:
    """Forget all encoders in a process that was forked: another thread may have been loading or encoding."""
    _LOADED.clear()
    _LOCKS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _loaded(key: "Key | None", load: "Callable[[], Encoder]") -> "Encoder":
    """The encoder of a key, loaded once for all sources of this process that are alive."""
    if key is None:
        return load()
    with _LOCKS.setdefault(key, Lock()):
        encoder: Encoder | None = _LOADED.get(key)
        if encoder is None:
            encoder = _LOADED[key] = load()
    return encoder


def _restored(config: "Config", load: "dict[str, Any]", takes: str) -> Source:
    return Source(config, opened_load(load), takes, "the adapter")
