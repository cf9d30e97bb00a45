"""What a key of models.json that no field has was probably meant to be: words of other tables, and other sections.

Imported when an unknown key is found.
"""

from hypiler.schema.fields import FIELDS

# Words that other tables of models use, by the field that means the same.
_WORDS: dict[str, tuple[str, ...]] = {
    "huggingface_id": ("hf_id", "hf", "repo", "repo_id", "repository", "model_id"),
    "source.api": ("provider", "litellm_provider", "vendor"),
    "source.model": ("api_model", "model_name", "deployment"),
    "source.ollama": ("ollama_tag", "tag"),
    "source.url": ("download_url",),
    "specs.embedding_dim": (
        *("dim", "dims", "dimension", "dimensions", "n_dims", "embed_dim", "embedding_size", "output_dimension"),
        *("output_vector_size", "vector_size", "embedding_dimension", "embedding_dimensions", "vector_dimension"),
    ),
    "specs.context_length": (
        *("max_tokens", "max_input_tokens", "max_length", "context_window", "context_size", "token_limit"),
    ),
    "specs.parameters": ("n_parameters", "num_parameters", "params"),
    "encoding.document_length": ("max_seq_length", "max_sequence_length", "doc_length"),
    "encoding.query_length": ("query_max_length",),
    "encoding.query_task": ("input_type", "task_type", "task"),
    "encoding.query_prefix": ("query_template", "query_instruction", "query_prompt", "instruction"),
    "encoding.document_prefix": ("doc_template", "doc_prefix", "passage_prefix", "document_prompt"),
    "encoding.similarity": ("metric", "distance", "score_function", "similarity_fn_name"),
    "encoding.normalize": ("normalized", "normalize_embeddings", "normalized_embeddings"),
    "architecture.matryoshka_dims": ("mrl_dims", "supported_dimensions"),
    "limits.inputs_per_request": ("max_inputs", "batch_size", "max_batch_size", "max_chunks"),
    "limits.tokens_per_request": ("max_batch_tokens", "max_tokens_per_request"),
    "performance.scores": ("mteb", "mteb_avg", "mteb_score", "benchmarks", "ndcg_10"),
    "dependencies.base_model": ("adapted_from",),
    "deprecated": ("deprecation_date", "deprecation_reason"),
    "successor": ("superseded_by", "successor_model", "replaced_by", "replacement"),
    "former_ids": ("former_id", "old_ids", "old_id", "previous_ids", "renamed_from"),
}


def _by_word() -> dict[str, list[tuple[str, ...]]]:
    """The fields by their own names, whatever section they are in, and by those that they have elsewhere."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for field in FIELDS:
        for word in (field.path[-1], *_WORDS.get(field.name, ())):
            found.setdefault(word, []).append(field.path)
    return found


_BY_WORD = _by_word()
OWN = "facts that have no field stand under `extra`"
"""What to do with a key that is near to nothing."""


def fields_named(word: str) -> list[str]:
    """The paths of the fields that a word can mean: a field's own last key, or a word of another table."""
    return [".".join(path) for path in _BY_WORD.get(word.lower().replace("-", "_"), [])]


def help_for(key: str, section: tuple[str, ...]) -> str | None:
    """What to write instead of an unknown key of a section: a field of this section, or the only one of another."""
    found = _BY_WORD.get(key.lower().replace("-", "_"), [])
    here = [path for path in found if path[:-1] == section]
    if here:
        return f"did you mean `{here[0][-1]}`?"
    if len(found) != 1:
        return None
    owner = "" if found[0][1:] else "the model's "
    return f"did you mean {owner}`{'.'.join(found[0])}`?"
