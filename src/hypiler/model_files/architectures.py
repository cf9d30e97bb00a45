"""Facts from a network's config.json. Keys differ between families: `hidden_size`, `dim` and `n_embd` mean the same."""

from hypiler.model_files.facts import FileFact
from hypiler.model_files.json_files import mapping, positive
from hypiler.model_files.repository import Repository
from hypiler.schema.architectures import (
    USUAL,
    Family,
    family_named,
    family_of_class,
    has_position_table,
    words_of_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The keys under which models of text and images keep the configuration of the language model, outermost first.
_NESTED = ("vlm_config", "vlm_backbone_config", "text_config")
_INPUT_CONFIGS = {"vision_config": "image", "audio_config": "audio"}
# Words in keys of networks that compute positions from angles or distances, such as `global_rope_theta`. Then the
# number in the configuration is no limit.
_COMPUTED_POSITIONS = ("rope", "rotary", "alibi")


# What the classes of transformers use for keys that config.json leaves out, as it does where nothing else was chosen.
# Only for networks within others, whose configurations are written without such keys.
_DEFAULTS: "dict[str, dict[str, int]]" = {
    "clip_text_model": {"vocab_size": 49408, "hidden_size": 512, "max_position_embeddings": 77},
    "siglip_text_model": {"vocab_size": 32000, "hidden_size": 768, "max_position_embeddings": 64},
    "siglip2_text_model": {"vocab_size": 32000, "hidden_size": 768, "max_position_embeddings": 64},
    "gemma": {"vocab_size": 256000, "hidden_size": 3072, "max_position_embeddings": 8192},
}


class Network:
    """A config.json.

    Attributes:
        file: Its name in the repository.
        parts: Its nested configurations with their paths, such as `text_config.`, innermost first.
        types: The values of `model_type` in the parts.
        classes: The names of the classes that the network was saved from.
        family: The family, which gives the names of the keys.
    """

    def __init__(self, repository: Repository) -> None:
        self.file: str = repository.config_name
        part, path = repository.config, ""
        self.parts: list[tuple[str, dict[str, Any]]] = [(path, part)]
        for key in _NESTED:
            if inner := mapping(part.get(key)):
                part, path = inner, f"{path}{key}."
                self.parts.insert(0, (path, part))
        self.types: list[str] = [name for _, part in self.parts if isinstance(name := part.get("model_type"), str)]
        self.classes: list[str] = repository.architectures
        self.family: Family = self._family()

    def _family(self) -> Family:
        """The family by `model_type`; if it is missing, by the class that was saved."""
        found = map(family_named, self.types) if self.types else map(family_of_class, self.classes)
        return next((family for family in found if family), USUAL)

    def number(self, *keys: str) -> FileFact | None:
        """The value of the first of these keys that has a positive integer."""
        for path, part in self.parts:
            for key in keys:
                if (value := positive(part.get(key))) is not None:
                    return FileFact(value, self.file, path + key)
        return self._default(*keys)

    def _default(self, *keys: str) -> FileFact | None:
        """The value that a class of transformers gives the first of these keys in a configuration within another."""
        path, part = self.parts[0]
        name = part.get("model_type")
        usual = _DEFAULTS.get(name, {}) if path and isinstance(name, str) else {}
        key = next((key for key in keys if key in usual), "")
        return FileFact(usual[key], self.file, path + key, f"the default of {name} in transformers") if key else None

    @property
    def hidden(self) -> FileFact | None:
        """The width of the hidden states."""
        return self.number(*self.family.hidden)

    @property
    def vocabulary(self) -> FileFact | None:
        """The number of entries of the vocabulary."""
        return self.number("vocab_size")

    @property
    def positions(self) -> FileFact | None:
        """The size of the position table as config.json states it; the value is None for a family without a table."""
        if self.family.positions:
            found = self.number(*self.family.positions)
            other = found and self._differing_number(found)
            return (
                FileFact(found.value, found.file, found.key, f"{other.key} is {other.value}")
                if found and other
                else found
            )
        stated = self.number("n_positions", "max_position_embeddings")
        note = f"no position table; {stated.key} {stated.value} is not used" if stated else "no position table"
        return FileFact(None, self.file, "model_type", note)

    def _differing_number(self, found: FileFact) -> FileFact | None:
        others = [self.number(key) for key in self.family.positions]
        return next((fact for fact in others if fact and fact.value != found.value), None)

    @property
    def layers(self) -> FileFact | None:
        """The number of layers."""
        return self.number("num_hidden_layers", "n_layers", "n_layer", "num_layers")

    @property
    def inner(self) -> FileFact | None:
        """The width inside the feed-forward blocks. A model of DistilBERT calls it as others call the hidden width."""
        keys = ("intermediate_size", "n_inner", "d_ff", "ffn_dim")
        return self.number(*keys, *(() if "hidden_dim" in self.family.hidden else ("hidden_dim",)))

    @property
    def heads(self) -> FileFact | None:
        """The number of attention heads."""
        return self.number("num_attention_heads", "n_heads", "n_head", "num_heads")

    @property
    def key_value_heads(self) -> FileFact | None:
        """The number of heads of keys and values, if attention heads can share them."""
        return self.number("num_key_value_heads")

    @property
    def head_width(self) -> FileFact | None:
        """The width of one head, if the configuration states it."""
        return self.number("head_dim", "d_kv")

    @property
    def is_bound(self) -> bool:
        """Whether a text fails if it is longer than the positions allow: whether it is known that there is a table."""
        part = self.parts[0][1]
        if (
            any(value and any(word in key for word in _COMPUTED_POSITIONS) for key, value in part.items())
            or part.get("position_embedding_type", "absolute") != "absolute"
        ):
            return False
        names = self.types[:1] or [word for name in self.classes for word in words_of_class(name)]
        return "auto_map" not in part and any(map(has_position_table, names))

    @property
    def longest(self) -> FileFact | None:
        """How many tokens there are positions for."""
        found = self.positions
        reserved, padding = self.family.reserved, self.parts[0][1].get("pad_token_id")
        if self.family.padded and type(padding) is int and padding >= 0:
            reserved = padding + 1
        if found is None or found.value is None or found.value <= reserved:
            return None
        return FileFact(found.value - reserved, found.file, found.key)


def config_facts(repository: Repository, network: Network, encoder_type: str | None) -> "dict[str, FileFact | None]":
    """The facts about architecture, sizes and modalities."""
    config, file = repository.config, repository.config_name
    if not config:
        return {}
    name = config.get("model_type")
    return {
        "architecture.type": FileFact(name, file, "model_type") if isinstance(name, str) and name.strip() else None,
        **_depth_and_heads(network),
        "specs.hidden_dim": network.hidden,
        "specs.max_position_embeddings": network.positions,
        "specs.vocab_size": network.vocabulary,
        "capabilities.modalities": _modalities(repository, network, encoder_type),
    }


def _depth_and_heads(network: Network) -> "dict[str, FileFact | None]":
    """What the number of parameters depends on, beside widths and tables."""
    return {
        "architecture.layers": network.layers,
        "architecture.intermediate_dim": network.inner,
        "architecture.attention_heads": network.heads,
        "architecture.key_value_heads": network.key_value_heads,
        "architecture.head_dim": network.head_width,
    }


def _modalities(repository: Repository, network: Network, encoder_type: str | None) -> FileFact | None:
    settings = mapping(repository.network_settings.get("modality_config"))
    # One entry may name several, such as `image+text`.
    stated = {word for key in settings for word in key.replace(",", "+").split("+")}
    known = [word for word in ("text", "image", "audio", "video") if word in stated]
    if known:
        return FileFact(known, repository.network_name, "modality_config")
    senses = {
        path + key: word
        for path, part in network.parts
        for key, word in _INPUT_CONFIGS.items()
        if mapping(part.get(key))
    }
    # A model of unknown type may read something other than text, unless its configuration names its inputs. A tokenizer
    # is a hint that it reads text.
    # A configuration may leave out the vocabulary of its language model, but names the language model.
    reads_text = (
        encoder_type == "static"
        or network.vocabulary is not None
        or any(mapping(part.get("text_config")) for _, part in network.parts)
    )
    unsure = encoder_type is None and not senses
    if not reads_text or (unsure and repository.tokenizer_name not in repository.names):
        return None
    note = "" if senses else "no configuration of another input"
    key = next(iter(senses), network.vocabulary.key if network.vocabulary else "")
    return FileFact(["text", *dict.fromkeys(senses.values())], network.file, key, note, hint=unsure)
