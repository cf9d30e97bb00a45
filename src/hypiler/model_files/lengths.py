"""To how many tokens the library cuts a model's texts, by all places in which its files state a length."""

from hypiler.model_files.encoding import stated_length
from hypiler.model_files.facts import FileFact
from hypiler.model_files.json_files import positive
from hypiler.model_files.late_interaction import is_pylate, is_stanford, side_length
from hypiler.model_files.repository import SETTINGS, STANFORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.model_files.architectures import Network
    from hypiler.model_files.repository import Repository

# The lengths that PyLate uses if its settings state none.
_PYLATE = {"query": 32, "document": 180}
# Stanford's ColBERT always expands queries to a length.
_STANFORD = {"query": 32}


def truncation_length(
    repository: "Repository", network: "Network", encoder_type: str | None, side: str
) -> FileFact | None:
    """The longest input of a side, `query` or `document`, in tokens; None if the library does not cut texts.

    The places, of which the first one counts, are the settings of the side, the settings of sentence-transformers for
    the network, and then the lower of two: the limit of the tokenizer, and the number of positions. tokenizer.json
    states a length too, which no library reads.
    """
    if own := side_length(repository, side):
        return own
    if is_pylate(repository):
        return FileFact(_PYLATE[side], SETTINGS, f"{side}_length", "the default of PyLate")
    if is_stanford(repository) and side in _STANFORD:
        return FileFact(_STANFORD[side], STANFORD, "query_maxlen", "the default of ColBERT")
    stated = stated_length(repository, network, encoder_type)
    if stated or encoder_type == "static":
        return stated
    return min(_default_limits(repository, network), key=lambda fact: int(fact.value), default=None)


def _default_limits(repository: "Repository", network: "Network") -> list[FileFact]:
    name = repository.tokenizer_name
    held = repository.object(name)
    # transformers still reads the older key if the newer one is missing.
    key = "model_max_length" if "model_max_length" in held else "max_len"
    tokens = positive(held.get(key))
    limits = [FileFact(tokens, name, key)] if tokens else []
    # sentence-transformers caps the length at this number, even if the network computes its positions.
    limits += [fact for fact in (network.number("max_position_embeddings"),) if fact and network.family.positions]
    return limits + ([network.longest] if network.longest and network.is_bound else [])
