"""`ModelConfig`: a model together with the user's choices, which is everything that is needed to load it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any, ClassVar, Generic, ParamSpec, Self, overload

    from typing_extensions import TypeVar

    from hypiler._server import Server
    from hypiler.model_registry import ConfigFromRegistry
    from hypiler.protocols import Encoder, Model, ModelOf, MultiVectorEncoder

    _Choice = ParamSpec("_Choice")
    _Encoder_co = TypeVar("_Encoder_co", bound=Encoder, default=Encoder, covariant=True)
    _Kind = TypeVar("_Kind")
else:
    # At run time, Generic[…] is object: the module typing takes longer to import than all of this.
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    import os
    from _collections_abc import Mapping

    Any = Model = MultiVectorEncoder = Self = Server = object
    Generic, _Encoder_co = {"Encoder": object}, "Encoder"

# The same pattern as in the schema: each part begins with a letter or digit, and does not end with a dot.
_REPOSITORY = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?/[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?"
_PROMPTS = ("query_prompt", "document_prompt")
_FIELDS = ("repo", "embedding_dim", "max_length", "revision", "model", "variant", "output", *_PROMPTS)


class _UnknownLengthError(AttributeError, ValueError):
    """The length is asked for, and the registry does not state one. `hasattr`, copies and pickles see no attribute."""


class ModelConfig(Generic[_Encoder_co]):
    """A repository, the width of its vectors and the longest input: immutable, hashable, compared by value.

    Attributes:
        repo: The Hugging Face repository (`org/name`) of the chosen weights, or the name of a model at its source.
        embedding_dim: The number of floats in one vector.
        max_length: The longest document in tokens: `document_length`, or else `context_length`. If the registry states
            neither, reading this attribute raises ValueError.
        revision: The commit to load; None if no commit of `repo` is pinned.
        model: The registry's record; None for a config that was created by hand.
        variant: The id of one of the model's variants; None for the model's own weights.
        output: The name of the chosen output; None for a model without `outputs`.
        query_prompt: The name of the chosen prompt of queries; None for the model's own prefix.
        document_prompt: The name of the chosen prompt of documents; None for the model's own prefix.
    """

    __match_args__ = ("repo", "embedding_dim", "max_length")

    if TYPE_CHECKING:
        # Read-only, as __setattr__ makes them at run time. Checkers must not see the slots,
        # or pyright takes the properties for plain values; nor __setattr__, or mypy allows
        # assignments to any name.
        @property
        def repo(self) -> str: ...
        @property
        def embedding_dim(self) -> int: ...
        @property
        def max_length(self) -> int: ...
        @property
        def revision(self) -> str | None: ...
        @property
        def model(self) -> Model | None: ...
        @property
        def variant(self) -> str | None: ...
        @property
        def output(self) -> str | None: ...
        @property
        def query_prompt(self) -> str | None: ...
        @property
        def document_prompt(self) -> str | None: ...
    else:
        __slots__ = (
            "document_prompt",
            "embedding_dim",
            "max_length",
            "model",
            "output",
            "query_prompt",
            "repo",
            "revision",
            "variant",
        )

        # ModelConfig[…] in annotations.
        __class_getitem__ = classmethod(type(list[int]))

        def __setattr__(self, name, value):
            raise AttributeError(f"ModelConfig is immutable: cannot set {name!r}")

        def __delattr__(self, name):
            raise AttributeError(f"ModelConfig is immutable: cannot delete {name!r}")

        def __getattr__(self, name):
            # Asked only for what is not set, and only an unknown length is not.
            if name == "max_length":
                raise _UnknownLengthError(
                    f"the longest input of {self.model.id!r} is unknown: state `specs.context_length` in its registry"
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def __init__(
        self,
        repo: str,
        embedding_dim: int,
        max_length: int,
        *,
        revision: str | None = None,
    ) -> None:
        """Raises ValueError for a `repo` that is not `org/name`, a width or length below 1, and an empty revision."""
        if not _is_repository(repo):
            raise ValueError(f"repo must be a Hugging Face repository of the form 'org/name', got {repo!r}")
        from hypiler._integers import as_integer

        sizes: list[int] = []
        for name, value in (
            ("embedding_dim", embedding_dim),
            ("max_length", max_length),
        ):
            size = as_integer(value)
            if size is None or size < 1:
                raise ValueError(f"{name} must be a positive integer, got {value!r}")
            sizes.append(size)
        if revision is not None and not _is_revision(revision):
            raise ValueError(f"revision must be a commit, a branch or a tag as a string, or None; got {revision!r}")
        _fill(self, repo, *sizes, revision, None, None, None, None, None)

    if TYPE_CHECKING:
        # The arguments after the model are those of its own resolve_dimension. A type
        # variable for the dims does not work: pyright solves it from both arguments at
        # once, and then rejects dims that the model has.
        @overload
        @classmethod
        def from_model(cls, model: Model, dimension: int | None = None, *, output: str | None) -> Self: ...
        @overload
        @classmethod
        def from_model(
            cls,
            model: ModelOf[_Choice],
            *args: _Choice.args,
            **kwargs: _Choice.kwargs,
        ) -> Self: ...
        @classmethod
        def from_model(cls, model: Any, *args: Any, **kwargs: Any) -> Self:
            """The config of a registry's record, from this package or from any generated module.

            `dimension` truncates the vectors to one of the model's own Matryoshka dims, and `output` chooses one of the
            model's outputs. Raises ValueError for any other width or output. If no `output` is given, type checkers
            reject such a width too.
            """
            ...
    else:

        @classmethod
        def from_model(cls, model: Model, dimension: int | None = None, *, output: str | None = None):
            """The config of a registry's record, from this package or from any generated module.

            `dimension` truncates the vectors to one of the model's own Matryoshka dims, and `output` chooses one of the
            model's outputs. Raises ValueError for any other width or output. If no `output` is given, type checkers
            reject such a width too.
            """
            return _configured(cls, model, dimension, output)

    if TYPE_CHECKING:
        from_registry: ClassVar[ConfigFromRegistry]
        """The config of a model of the shipped registry, by id, alias or repository.

        `dimension` truncates the vectors to one of the model's own Matryoshka dims, and `output` chooses one of the
        model's outputs. For an id that is known only at run time, narrow it with `is_model_id`, or use `get_model` and
        `from_model`. Raises UnknownModelError for an unknown id, and ValueError for a dimension or an output that the
        model does not have.
        """
    else:

        @classmethod
        def from_registry(cls, id: str, *, dimension: int | None = None, output: str | None = None):
            """The config of a model of the shipped registry, by id, alias or repository.

            `dimension` truncates the vectors to one of the model's own Matryoshka dims, and `output` chooses one of the
            model's outputs. Raises UnknownModelError for an unknown id, and ValueError for a dimension or an output
            that the model does not have.
            """
            from hypiler.model_registry import _parts

            # The lookup of get_model without its warning, since the config warns.
            model = _parts()[2](id)
            if model is None:
                raise _unknown(id)
            if not model.deprecated and id in model.former_ids:
                from warnings import warn

                from hypiler._callers import stacklevel, use_warning

                warn(use_warning(id, model), DeprecationWarning, stacklevel=stacklevel())
            return _configured(cls, model, dimension, output)

    @classmethod
    def colbert_v2(cls) -> "ModelConfig[MultiVectorEncoder]":
        """ColBERT v2: 128 dimensions per token, English."""
        return cls.from_registry("colbert-v2")

    @classmethod
    def colbert_small(cls) -> "ModelConfig[MultiVectorEncoder]":
        """answerai-colbert-small: 96 dimensions per token, English, 33M parameters."""
        return cls.from_registry("colbert-small")

    @classmethod
    def jina_colbert_v2(cls) -> "ModelConfig[MultiVectorEncoder]":
        """Jina ColBERT v2: 128 dimensions per token, multilingual, truncatable to 96 and 64."""
        return cls.from_registry("jina-colbert-v2")

    def with_variant(self, id: str | None) -> "Self":
        """The same config with the weights of a variant, by the variant's id; None for the model's own weights.

        If the variant is in another repository, `repo` names this repository. `revision` is then None, because the
        model's pin is a commit of the model's own repository. Raises ValueError for a variant that the model does not
        have.
        """
        config = self._copied()
        if self.model is not None:
            from hypiler.stamps.listed_bytes import location

            repo, revision = location(self.model, id)
            _fill(config, repo, *self._key()[1:3], revision, self.model, id, self.output, *self._prompts())
        elif id is not None:
            raise ValueError(f"{self!r} was not created from a registry entry, so it has no variant {id!r}")
        return config

    def with_output(self, name: str | None) -> "ModelConfig":
        """The same config for another output of the model, at its full width; None for the default output.

        Raises ValueError for an output that the model does not have.
        """
        config = self._copied()
        if self.model is not None:
            width, length, output = _output_facts(self.model, None, name)
            chosen = (output, *self._prompts())
            _fill(config, self.repo, width, length, self.revision, self.model, self.variant, *chosen)
        elif name is not None:
            raise ValueError(f"{self!r} was not created from a registry entry, so it has no output {name!r}")
        return config

    def _copied(self) -> "Self":
        config = object.__new__(type(self))
        config.__setstate__(self.__getstate__())
        return config

    def with_prompts(self, *, query: str | None = None, document: str | None = None) -> "Self":
        """The same config with named prompts: the text of `prompts`, and the task of `tasks` under the same name.

        Vectors of other prompts belong to another space. If a prompt has no task of its own, queries keep the
        `query_task` of the model, and documents keep its `document_task`.

        Args:
            query: The name of the prompt for queries; None for the model's own prefix and task.
            document: The name of the prompt for documents; None for the model's own prefix and task.

        Raises ValueError for a prompt that the model does not have.
        """
        config = self._copied()
        for name in (query, document):
            if name is not None and self.model is None:
                raise ValueError(f"{self!r} was not created from a registry entry, so it has no prompt {name!r}")
            if name is not None and self.model is not None:
                from hypiler.stamps.prompts import check_prompt

                check_prompt(self.model, name)
        _fill(config, *self._key()[:7], query, document)
        return config

    def space(self) -> "dict[str, Any]":
        """The stamp of this config without a probe: what its vectors depend on, as JSON types.

        The stamp has the facts of the registry and of the lock. A value that neither of them states is None.
        docs/spaces.md describes the keys and the ids. Raises ValueError for a config that was created by hand, because
        it is unknown how its vectors are made.
        """
        if self.model is None:
            raise ValueError(f"{self!r} was not created from a registry entry, so its vector space is unknown")
        from hypiler.stamps.stamp import stamp_of

        return stamp_of(self.model, self.embedding_dim, self.variant, self.output, self._prompts())

    @property
    def space_id(self) -> str | None:
        """The `space_id` of the encoder that this config loads; None if only loading can show it."""
        found: str | None = self.space()["space_id"]
        return found

    @property
    def query_space_id(self) -> str | None:
        """The `query_space_id` of the encoder that this config loads; None if only loading can show it."""
        found: str | None = self.space()["query_space_id"]
        return found

    if TYPE_CHECKING:

        @overload
        def load(
            self,
            engine: str = "auto",
            *,
            kind: None = None,
            local: str | os.PathLike[str] | None = None,
            url: str | Server | None = None,
            device: str = "cpu",
            assume: Mapping[str, object] | None = None,
            trust_remote_code: bool = False,
            allow_pickle: bool = False,
        ) -> _Encoder_co: ...
        @overload
        def load(
            self,
            engine: str = "auto",
            *,
            kind: type[_Kind],
            local: str | os.PathLike[str] | None = None,
            url: str | Server | None = None,
            device: str = "cpu",
            assume: Mapping[str, object] | None = None,
            trust_remote_code: bool = False,
            allow_pickle: bool = False,
        ) -> _Kind: ...

    def load(
        self,
        engine: str = "auto",
        *,
        kind: "type[Any] | None" = None,
        local: "str | os.PathLike[str] | None" = None,
        url: "str | Server | None" = None,
        device: str = "cpu",
        assume: "Mapping[str, object] | None" = None,
        trust_remote_code: bool = False,
        allow_pickle: bool = False,
    ) -> "Any":
        """The model itself, ready to encode: see `hypiler.engines.load`.

        If the config comes from a known id, type checkers know the methods of the encoder. `kind` is one of the classes
        of `hypiler.engines`, such as `DenseEncoder`. With `kind`, type checkers know the methods and the types of
        arrays for every config.

        Raises the errors of `hypiler.engines.load`, and TypeError if the model is of another kind.
        """
        from importlib import import_module

        # By name, so that type checkers do not follow: they would read the types of NumPy, for seconds.
        try:
            load: Any = import_module("hypiler.engines").load
        except (ModuleNotFoundError, AttributeError) as error:
            # Tools that freeze applications do not see an import by name. They may pack an empty folder.
            from hypiler._missing import missing_library

            missing = ModuleNotFoundError(name="hypiler.engines")
            raise ImportError(missing_library(missing, "hypiler")) from error
        return load(
            self,
            engine,
            kind=kind,
            local=local,
            url=url,
            device=device,
            assume=assume or {},
            trust_remote_code=trust_remote_code,
            allow_pickle=allow_pickle,
        )

    def _prompts(self) -> "tuple[str | None, str | None]":
        return self.query_prompt, self.document_prompt

    def _key(self) -> "tuple[object, ...]":
        chosen = (self.model, self.variant, self.output, *self._prompts())
        return (self.repo, self.embedding_dim, _length(self), self.revision, *chosen)

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, ModelConfig) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        pin = f", revision={self.revision!r}" if self.revision else ""
        choice = f".with_variant({self.variant!r})" if self.variant else ""
        if self.model is not None and self.output not in (None, _output_facts(self.model, None, None)[2]):
            choice += f".with_output({self.output!r})"
        sides = (("query", self.query_prompt), ("document", self.document_prompt))
        if prompts := ", ".join([f"{side}={name!r}" for side, name in sides if name is not None]):
            choice += f".with_prompts({prompts})"
        return f"{type(self).__name__}({self.repo!r}, {self.embedding_dim}, {_length(self)}{pin}){choice}"

    # Copies and pickles keep the class and what a subclass adds. Older pickle protocols refuse a class with slots if it
    # has no __getstate__. Restoring must bypass __setattr__.
    def __getstate__(self) -> "Any":
        return super().__getstate__()

    def __setstate__(self, state: "tuple[dict[str, Any] | None, dict[str, Any]]") -> None:
        # The state is the instance dictionary, which a subclass may have, and then the attributes in slots.
        others, slots = state
        # Pickles of older versions have no output and no prompts.
        later = dict.fromkeys(("output", *_PROMPTS))
        for name, value in (later | (others or {}) | slots).items():
            object.__setattr__(self, name, value)


def _configured(cls: type[ModelConfig], model: "Model", dimension: int | None, output: str | None) -> ModelConfig:
    """The config of a record. A warning about deprecation names the line of the user's code that called."""
    if model.deprecated is not None:
        from warnings import warn

        from hypiler._callers import stacklevel, use_warning

        level = stacklevel((type(model).__module__, "from_registry"))
        warn(use_warning(model.id, model), DeprecationWarning, stacklevel=level)
    config = object.__new__(cls)
    width, length, name = _output_facts(model, dimension, output)
    _fill(config, model.huggingface_id or _place(model), width, length, model.revision, model, None, name, None, None)
    return config


def _output_facts(model: "Model", dimension: int | None, output: str | None) -> "tuple[int, int | None, str | None]":
    """The width, the longest document and the name of an output of a model."""
    if output is None and not getattr(model, "outputs", ()):
        return model.resolve_dimension(dimension), model.document_length or model.context_length, None
    from hypiler.stamps.outputs import chosen, output_name

    view = chosen(model, output)
    return (
        view.resolve_dimension(dimension),
        view.document_length or view.context_length,
        output_name(model, output),
    )


def _place(model: "Model") -> str:
    """The name of a model at its source."""
    from hypiler.stamps.listed_bytes import place_of

    return place_of(model)


def _length(config: ModelConfig) -> int | None:
    return getattr(config, "max_length", None)


def _unknown(id: "Any") -> Exception:
    """The error for an id or repository that no shipped model has."""
    from hypiler._nearest import nearest_model
    from hypiler.errors import UnknownModelError
    from hypiler.model_registry import MODEL_REGISTRY, MODELS

    names = [model.huggingface_id for model in MODEL_REGISTRY] if "/" in str(id) else MODELS
    return UnknownModelError(id, nearest_model(str(id), names), "the shipped registry of hypiler")


def _fill(config: ModelConfig, *values: object) -> None:
    for name, value in zip(_FIELDS, values, strict=True):
        if name != "max_length" or value is not None:
            object.__setattr__(config, name, value)


def _is_revision(value: object) -> bool:
    """Whether the value can be the name of a commit, a branch or a tag: git allows no space and no `..` in one."""
    return isinstance(value, str) and value.isprintable() and value != "" and " " not in value and ".." not in value


def _is_repository(value: object) -> bool:
    import re

    return isinstance(value, str) and re.fullmatch(_REPOSITORY, value) is not None
