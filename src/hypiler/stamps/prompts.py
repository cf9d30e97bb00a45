"""The prompts that a user chose: a view of a record, in which they stand for the model's own prompts."""

from hypiler.stamps.outputs import OutputView

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.protocols import Config, Model


_CHOSEN = ("query_prefix", "document_prefix", "query_task", "document_task", "query_prompt", "document_prompt")


class Prompted:
    """A record whose prefix and task of one side, or of both, are those of named prompts.

    All other attributes are those of the record.

    Attributes:
        query_prompt: The name of the prompt of queries; None for the model's own prefix and task.
        document_prompt: The same for documents.
    """

    __slots__ = ("_model", "document_prompt", "query_prompt")

    def __init__(self, model: "Model", query: str | None, document: str | None) -> None:
        self._model = model
        self.query_prompt: str | None = query
        self.document_prompt: str | None = document

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._model, name)

    @property
    def query_prefix(self) -> str | None:
        """The text of the chosen prompt, or the record's own prefix of queries."""
        return self._text(self.query_prompt, self._model.query_prefix)

    @property
    def document_prefix(self) -> str | None:
        """The same for documents."""
        return self._text(self.document_prompt, self._model.document_prefix)

    @property
    def query_task(self) -> str | None:
        """The task of the chosen prompt, or the record's own task of queries."""
        return self._task(self.query_prompt, getattr(self._model, "query_task", None))

    @property
    def document_task(self) -> str | None:
        """The same for documents."""
        return self._task(self.document_prompt, getattr(self._model, "document_task", None))

    def _text(self, name: str | None, own: str | None) -> str | None:
        prompts: Any = getattr(self._model, "prompts", {})
        return own if name is None else prompts[name]

    def _task(self, name: str | None, own: str | None) -> str | None:
        """A prompt without a task of its own keeps the task of the side."""
        tasks: Any = getattr(self._model, "tasks", {})
        return own if name is None else tasks.get(name, own)


def prompted(model: "Model", query: str | None, document: str | None) -> "Model":
    """The record, or the view of one of its outputs, with the chosen prompts; itself if none is chosen."""
    if query is None and document is None:
        return model
    view: Any = Prompted(model, query, document)
    if isinstance(model, OutputView):
        # The view of an output stays one, since others ask for it.
        found: Any = object.__new__(OutputView)
        found.__dict__.update(vars(model))
        for name in _CHOSEN:
            setattr(found, name, getattr(view, name))
        return as_model(found)
    return as_model(view)


def as_model(view: "Any") -> "Model":
    """A view of a record, for type checkers."""
    model: Model = view
    return model


def config_prompts(config: "Config") -> "tuple[str | None, str | None]":
    """The names of the prompts that a config's user chose for queries and for documents."""
    return getattr(config, "query_prompt", None), getattr(config, "document_prompt", None)


def check_prompt(model: "Model", name: str) -> None:
    """Raise ValueError for a prompt that the model does not have."""
    prompts: Any = getattr(model, "prompts", {})
    if name in prompts:
        return
    from hypiler._nearest import nearest

    near = nearest(str(name), prompts)
    hint = f"; did you mean {near!r}?" if near else ""
    raise ValueError(f"`{model.id}` has no prompt {name!r}; it has {', '.join(prompts) or 'none'}{hint}")
