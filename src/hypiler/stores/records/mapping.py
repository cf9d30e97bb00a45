"""The `_meta` of a mapping, in OpenSearch and Elasticsearch."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def meta(record: "Mapping[str, Any]", client: "Any") -> "Any":
    """The `_meta` of an index. An alias may stand for several indices, whose `_meta` must be equal."""
    found = client.indices.get_mapping(index=record["name"])
    every = {index: found[index]["mappings"].get("_meta") for index in found}
    first, *others = every.values()
    if any(other != first for other in others):
        names = ", ".join(sorted(every))
        raise ValueError(f"`{record['name']}` stands for indices with different `_meta`: check each of {names}")
    return first


def with_stamp(record: "Mapping[str, Any]", client: "Any") -> "dict[str, Any]":
    """The `_meta` of an index with the stamp of the record in it."""
    return {**(meta(record, client) or {}), **record["stamp"]["write"]["_meta"]}
