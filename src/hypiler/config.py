"""`ModelConfig`: a model together with the user's choices, everything that is needed to load it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any, ClassVar, ParamSpec, Protocol

    from hypiler.engines import Encoder
    from hypiler.model_registry import FromRegistry

    _Choice = ParamSpec("_Choice")

    class Model(Protocol[_Choice]):
        """A `ModelInfo` of any generated module, of this package or of another project."""

        @property
        def id(self) -> str: ...
        @property
        def huggingface_id(self) -> str: ...
        @property
        def context_length(self) -> int: ...
        @property
        def revision(self) -> str | None: ...
        @property
        def deprecated(self) -> str | None: ...
        def resolve_dimension(self, *args: _Choice.args, **kwargs: _Choice.kwargs) -> int: ...


class UnknownModelError(LookupError):
    """No model of the registry has this id; `suggestion` is the nearest id, if one is near."""

    def __init__(self, id: str, suggestion: str | None = None) -> None:
        hint = f"; did you mean {suggestion!r}?" if suggestion else ""
        super().__init__(f"no model {id!r} in the registry{hint}")
        self.id = id
        self.suggestion = suggestion

    def __reduce__(self) -> "tuple[Any, ...]":
        return type(self), (self.id, self.suggestion)


class ModelConfig:
    """A repository, the width of its vectors and the longest input: immutable, hashable, compared by value.

    `repo` is a Hugging Face repository (`org/name`), `embedding_dim` the number of floats in one vector, `max_length`
    the longest input in tokens, `revision` the commit to load. `model` is the registry's record, None for a config
    that was written by hand; `variant` the id of one of its variants, None for the model's own weights.
    """

    __match_args__ = ("repo", "embedding_dim", "max_length")

    if TYPE_CHECKING:
        # Read-only, as __setattr__ makes them at run time. Checkers must see neither the
        # slots (pyright takes these properties for plain values then) nor __setattr__
        # (mypy lets any name be assigned then).
        @property
        def repo(self) -> str: ...
        @property
        def embedding_dim(self) -> int: ...
        @property
        def max_length(self) -> int: ...
        @property
        def revision(self) -> str | None: ...
        @property
        def model(self) -> Model[...] | None: ...
        @property
        def variant(self) -> str | None: ...
    else:
        __slots__ = ("embedding_dim", "max_length", "model", "repo", "revision", "variant")

        def __setattr__(self, name, value):
            raise AttributeError(f"ModelConfig is immutable: cannot set {name!r}")

        def __delattr__(self, name):
            raise AttributeError(f"ModelConfig is immutable: cannot delete {name!r}")

    def __init__(
        self,
        repo: str,
        embedding_dim: int,
        max_length: int,
        *,
        revision: str | None = None,
    ) -> None:
        """Raises ValueError for a width or length below 1 and for a repository that is not `org/name`."""
        if not _is_repository(repo):
            raise ValueError(f"repo must be of the form 'org/name', got {repo!r}")
        for name, value in (
            ("embedding_dim", embedding_dim),
            ("max_length", max_length),
        ):
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be a positive integer, got {value!r}")
        _fill(self, repo, embedding_dim, max_length, revision, None, None)

    if TYPE_CHECKING:
        # What may follow the model are the arguments of its own resolve_dimension. A type
        # variable for the dims would not do: pyright solves it from both arguments at
        # once and then rejects dims that the model has.
        @classmethod
        def from_model(
            cls,
            model: Model[_Choice],
            *args: _Choice.args,
            **kwargs: _Choice.kwargs,
        ) -> "ModelConfig":
            """The config of a registry's record, of this package or of any generated module.

            `dimension` truncates the vectors to one of the model's own Matryoshka dims. Raises ValueError for another
            width; checkers reject it before.
            """
            ...
    else:

        @classmethod
        def from_model(cls, model, dimension=None):
            """The config of a registry's record, of this package or of any generated module.

            `dimension` truncates the vectors to one of the model's own Matryoshka dims. Raises ValueError for another
            width; checkers reject it before.
            """
            return _configured(cls, model, dimension)

    if TYPE_CHECKING:
        from_registry: ClassVar[FromRegistry["ModelConfig"]]
        """The config of a model of the shipped registry, by id or alias.

        `dimension` truncates the vectors to one of the model's own Matryoshka dims. For an id that is known only at
        run time, narrow it with `is_model_id`, or use `get_model` and `from_model`. Raises UnknownModelError for an
        unknown id and ValueError for a dimension that the model does not have.
        """
    else:

        @classmethod
        def from_registry(cls, id, *, dimension=None):
            """The config of a model of the shipped registry, by id or alias.

            `dimension` truncates the vectors to one of the model's own Matryoshka dims. Raises UnknownModelError for
            an unknown id and ValueError for a dimension that the model does not have.
            """
            from hypiler.model_registry import MODELS, get_model

            model = get_model(id)
            if model is None:
                from difflib import get_close_matches

                near = get_close_matches(str(id), MODELS, n=1)
                raise UnknownModelError(id, near[0] if near else None)
            return _configured(cls, model, dimension)

    @classmethod
    def colbert_v2(cls) -> "ModelConfig":
        """ColBERT v2: 128 dimensions a token, English."""
        return cls.from_registry("colbert-v2")

    @classmethod
    def colbert_small(cls) -> "ModelConfig":
        """answerai-colbert-small: 96 dimensions a token, English, 33M parameters."""
        return cls.from_registry("colbert-small")

    @classmethod
    def jina_colbert_v2(cls) -> "ModelConfig":
        """Jina ColBERT v2: 128 dimensions a token, multilingual, truncatable to 96 and 64."""
        return cls.from_registry("jina-colbert-v2")

    def with_variant(self, id: str | None) -> "ModelConfig":
        """The same choice with other weights of the model, by the variant's id; None for the model's own.

        Raises ValueError for a variant that the model does not have.
        """
        config = object.__new__(type(self))
        _fill(config, *self._key()[:5], id)
        config.space()  # knows the variants
        return config

    def space(self) -> "dict[str, Any]":
        """What the vectors of this choice depend on, ready for JSON, with the ids that stand for it.

        Keys and digests are described in docs/spaces.md. Raises ValueError for a config that was written by hand: how
        its vectors are made is not known.
        """
        if self.model is None:
            raise ValueError(f"{self!r} is of no registry, so what its vectors depend on is not known")
        from hypiler.space import describe

        return describe(self.model, self.embedding_dim, self.variant)

    @property
    def space_id(self) -> str:
        """Stands for everything that document vectors depend on; an index stores it beside them."""
        return str(self.space()["space_id"])

    @property
    def query_space_id(self) -> str:
        """Stands for everything that is done to queries alone."""
        return str(self.space()["query_space_id"])

    def load(
        self,
        engine: str = "auto",
        *,
        local: "str | os.PathLike[str] | None" = None,
        device: str = "cpu",
        assume: "Mapping[str, object] | None" = None,
        trust_remote_code: bool = False,
        allow_pickle: bool = False,
    ) -> "Encoder[Any]":
        """The model itself, ready to encode: see `hypiler.engines.load`."""
        from hypiler.engines import load

        return load(
            self,
            engine,
            local=local,
            device=device,
            assume=assume or {},
            trust_remote_code=trust_remote_code,
            allow_pickle=allow_pickle,
        )

    def _key(self) -> "tuple[object, ...]":
        return self.repo, self.embedding_dim, self.max_length, self.revision, self.model, self.variant

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, ModelConfig) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        pin = f", revision={self.revision!r}" if self.revision else ""
        choice = f".with_variant({self.variant!r})" if self.variant else ""
        return f"ModelConfig({self.repo!r}, {self.embedding_dim}, {self.max_length}{pin}){choice}"

    def __reduce__(self) -> "tuple[Any, ...]":
        return _restore, self._key()


def _configured(cls: type[ModelConfig], model: "Any", dimension: int | None) -> ModelConfig:
    """The config of a record; for the two methods above, whose callers a warning is about."""
    if model.deprecated is not None:
        from warnings import warn

        warn(f"{model.id!r} is deprecated: {model.deprecated}", DeprecationWarning, stacklevel=3)
    config = object.__new__(cls)
    width = model.resolve_dimension(dimension)
    _fill(config, model.huggingface_id, width, model.context_length, model.revision, model, None)
    return config


def _restore(*values: object) -> ModelConfig:
    config = object.__new__(ModelConfig)
    _fill(config, *values)
    return config


def _fill(config: ModelConfig, *values: object) -> None:
    names = ("repo", "embedding_dim", "max_length", "revision", "model", "variant")
    for name, value in zip(names, values, strict=True):
        object.__setattr__(config, name, value)


def _is_repository(value: object) -> bool:
    return isinstance(value, str) and "/" in value.strip("/")
