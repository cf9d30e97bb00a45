"""litellm: a client. Read: the source of 1.110.2 (litellm/utils.py, litellm/llms/*/embedding)."""

from hypiler.runtimes.builders.common import NUMPY, PLURALS, UNIT, prefixed, shortened
from hypiler.runtimes.draft import Draft, refuse, require, unknown
from hypiler.runtimes.facts import API, OLLAMA, SIDES
from hypiler.runtimes.writing import Name, call, function, imports, python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.runtimes.facts import Facts

# The option that tells a provider the task, by `source.api`. Other providers are told none.
_TASKS = {
    "cohere": "input_type",
    "voyage": "input_type",
    "gemini": "task_type",
    "vertex_ai": "task_type",
    "jina_ai": "task",
}
# The option that asks a provider for a width, if litellm refuses `dimensions` for it.
_WIDTHS = {"mistral": "output_dimension"}
# The providers with embeddings in litellm whose names are those of `source.api`.
_PROVIDERS = ("openai", "cohere", "voyage", "gemini", "vertex_ai", "mistral", "jina_ai", "bedrock")


def build(facts: "Facts") -> Draft:
    """Functions that ask a provider, or a server of one's own."""
    if facts.other_output:
        raise refuse(facts, f"a snippet for litellm does not give its output `{facts.other_output}`")
    return _hosted(facts) if facts.place == API else _served(facts)


def _hosted(facts: "Facts") -> Draft:
    if facts.api not in _PROVIDERS:
        raise refuse(facts, f"litellm has no embeddings of the provider `{facts.api}`")
    name = f"{facts.api}/{facts.name}"
    tasks = [facts.task(side) for side in SIDES]
    option = _TASKS.get(str(facts.api))
    if any(tasks) and option is None:
        raise refuse(facts, f"litellm cannot tell the provider `{facts.api}` a task")
    # Providers differ in what they return without a width, so a chosen one is always sent.
    width = facts.dimension if facts.is_cut else None
    functions: list[str] = []
    for side in SIDES:
        given: dict[str, Any] = {option: facts.task(side)} if option and facts.task(side) else {}
        given[_WIDTHS.get(str(facts.api), "dimensions")] = width
        functions.append(_encoder(facts, side, call("embedding", name, Name("input=texts"), **given)))
    arguments = {
        "class": "litellm.embedding",
        "model": name,
        "dimensions": width,
        "dimension": facts.dimension,
        **({option: {side: facts.task(side) for side in SIDES}} if option and any(tasks) else {}),
        "prompts": {side: facts.text(side) or "" for side in SIDES},
    }
    lost = ["The provider runs the model: nothing pins its version, and the provider cuts long texts or refuses them."]
    missing = [name for name in ("normalize",) if facts.stated(name) is None]
    if missing:
        lost.append("The registry does not state `encoding.normalize`: the provider decides whether to normalize.")
    text = python(imports(NUMPY, "from litellm import embedding"), *functions)
    notes = ["The key of the provider is read from its environment variable."]
    return Draft(text, arguments, lost, notes)


def _served(facts: "Facts") -> Draft:
    """A server of one's own that speaks OpenAI's protocol: it is asked for the full width, which every server gives."""
    if facts.task("query") or facts.task("document"):
        raise refuse(facts, "litellm cannot tell a server of one's own a task")
    if facts.is_cut:
        require(facts, "truncated vectors", "normalize")
    served = facts.name if facts.place == OLLAMA else facts.id
    port = 11434 if facts.place == OLLAMA else 8000
    made = call("embedding", f"openai/{served}", Name("input=texts"), api_base=Name("URL"), api_key=Name("KEY"))
    functions = [_encoder(facts, side, made) for side in SIDES]
    lines = [f'URL = "http://127.0.0.1:{port}/v1"', 'KEY = "none"']
    text = python(
        "\n".join([imports(NUMPY, "from litellm import embedding"), "", *lines]),
        shortened(facts),
        *functions,
    )
    arguments = {
        "class": "litellm.embedding",
        "model": f"openai/{served}",
        "api_base": f"http://127.0.0.1:{port}/v1",
        "dimensions": None,
        "dimension": facts.dimension,
        "prompts": {side: facts.text(side) for side in SIDES},
    }
    lost = [
        "The server decides the commit, the pooling, normalization, the precision and the longest input: start it with"
        " a snippet for tei, infinity, vllm or ollama."
    ]
    if missing := [name for name in unknown(facts) if name.endswith("_prefix")]:
        lost.append(f"The registry does not state {', '.join([f'`{name}`' for name in missing])}: no text is added.")
    if facts.normalize is not True:
        lost.append("Most servers always normalize, and the registry does not state that this model normalizes.")
    notes = [
        "litellm drops or renames `dimensions` for some servers, so the full width is asked for and truncated here."
    ]
    return Draft(text, arguments, lost, notes if facts.is_cut else [])


def _encoder(facts: "Facts", side: str, made: str) -> str:
    before = [f"texts = {prefixed(facts, side)}"] if facts.text(side) else []
    vectors = 'np.array([one["embedding"] for one in found.data], np.float32)'
    if facts.place == API:
        # Some providers do not normalize the vectors that they truncate.
        lines = [f"vectors = {vectors}", f"return {UNIT}"] if facts.normalize else [f"return {vectors}"]
        return function(f"encode_{PLURALS[side]}", "texts", *before, f"found = {made}", *lines)
    returned = f"shortened({vectors})" if facts.is_cut else vectors
    return function(f"encode_{PLURALS[side]}", "texts", *before, f"found = {made}", f"return {returned}")
