"""Code that downloads the files of a pinned commit, for libraries that cannot pin one themselves."""

from hypiler.runtimes.draft import refuse
from hypiler.runtimes.facts import PATH
from hypiler.runtimes.writing import call, literal
from hypiler.schema.loading import USUAL_ONNX, variant_onnx

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.runtimes.facts import Facts

DOWNLOAD = "from huggingface_hub import snapshot_download"


def folder_lines(facts: "Facts", patterns: "list[str]") -> "tuple[list[str], list[str]]":
    """The imports and the line that give the folder with the files of a model."""
    if facts.place == PATH:
        return [], [f"folder = {literal(facts.name)}"]
    made = call("snapshot_download", facts.name, revision=facts.revision, allow_patterns=patterns)
    return [DOWNLOAD], [f"folder = {made}"]


def onnx_file(facts: "Facts") -> "tuple[str, list[str]]":
    """The ONNX file of the chosen weights, and a sentence if the registry does not name it.

    Raises RuntimeLimitError for a variant without an ONNX file.
    """
    if facts.variant is not None:
        names = variant_onnx(facts.variant.file, elsewhere=facts.variant.huggingface_id is not None)
        if not names:
            raise refuse(facts, f"the variant `{facts.variant.id}` names no ONNX file")
        return names[0], [] if facts.variant.file else [_unnamed(names[0])]
    file: str | None = facts.stated("onnx_file")
    return (file, []) if file else (USUAL_ONNX[0], [_unnamed(USUAL_ONNX[0])])


def _unnamed(file: str) -> str:
    return f"The registry names no ONNX file: `{file}` is the usual name, and loading fails if the repository has none."
