"""Which files decide vectors, and the digests that identify them. Knows names and sums, not models."""

from hypiler._digest import sha256_hex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_VOCABULARY = ("vocab.txt", "vocab.json", "merges.txt", "added_tokens.json")
_VOCABULARY_ENDINGS = (".model", ".spm", ".tiktoken")


def files_digest(sums: "Iterable[str]") -> str:
    """The digest of some files: the sha256 of the only one, or the sha256 of all their sums, sorted, one per line."""
    each = sorted(sums)
    return each[0] if len(each) == 1 else sha256_hex("\n".join(each).encode())


def weight_files(names: "Collection[str]", first: str | None = None) -> list[str]:
    """The files with a model's own weights, as the libraries on PyTorch choose them.

    In the main folder and in each folder of a module, these are safetensors in one file or in shards, else pickles.
    `first` is the file of the network, if the registry names it. Empty if the weights of the network are not there.
    """
    import re

    folders: dict[str, list[str]] = {}
    for name in names:
        folder = name[: name.rfind("/") + 1]
        if not folder or re.fullmatch(r"(?:document_)?[0-9]+_[^/]+/", folder):
            folders.setdefault(folder, []).append(name[len(folder) :])
    chosen = {folder: [folder + name for name in _choice(inside)] for folder, inside in sorted(folders.items())}
    if first is not None and first in names:
        chosen[first[: first.rfind("/") + 1]] = [first]
    if not any(
        own and (not folder or folder.startswith(("0_", "document_0_")) or first in own)
        for folder, own in chosen.items()
    ):
        return []
    return [name for own in chosen.values() for name in own]


def _choice(names: "Collection[str]") -> list[str]:
    """The weights in one folder: one file of safetensors, all its shards, one pickle, or all its shards."""
    import re

    for stem, ending in (("model", "safetensors"), ("pytorch_model", "bin")):
        if f"{stem}.{ending}" in names:
            return [f"{stem}.{ending}"]
        found = [re.fullmatch(rf"{stem}-[0-9]{{5}}-of-([0-9]{{5}})\.{ending}", name) for name in names]
        shards = [match for match in found if match]
        for total in sorted({match[1] for match in shards}):
            own = sorted([match[0] for match in shards if match[1] == total])
            if len(own) == int(total):
                return own
    return []


def onnx_with_data(file: str, names: "Collection[str]") -> list[str]:
    """An ONNX file and the files with its external data: `model.onnx_data`, `model.onnx.data`, `model.onnx_data_1`."""
    data = [name for name in names if name.startswith((f"{file}_data", f"{file}.data"))]
    return [file, *sorted(data)]


def tokenizer_digest(sums: "Mapping[str, str | None]") -> str | None:
    """The identity of a tokenizer, by the sums of all files: tokenizer.json, else the vocabulary files with names."""
    places = [name for name in sums if name.rpartition("/")[2] == "tokenizer.json"]
    if places:
        return sums[min(places, key=lambda name: (name.count("/"), name))]
    lines: list[str] = []
    for name in vocabulary_files(sums):
        if sums[name] is None:
            return None
        lines.append(f"{sums[name]} {name}")
    return sha256_hex("\n".join(lines).encode()) if lines else None


def vocabulary_files(names: "Iterable[str]") -> list[str]:
    """The files with a vocabulary, by their names, sorted."""
    return sorted(
        [name for name in names if name.rpartition("/")[2] in _VOCABULARY or name.endswith(_VOCABULARY_ENDINGS)]
    )
