"""What checkers must refuse in a project that uses acme-embed: one fault per line."""

# What pyright says twice of the same fault.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnusedExpression=false

from acme_embed import MODELS, ModelId, dimension, get_model, query_text

# isort: split
from acme_embed.model_registry import E5_LARGE  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnusedImport]

# isort: split
from acme_embed.model_registry import BGE_M3, E5_LARGE_V2, NOMIC_EMBED_V1_5

from search_app.index import create_index

MODELS["e5-large"]  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
dimension("e5-large")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
query_text("intfloat/e5-large-v2", "cats")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
default: ModelId = "e5"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
create_index(NOMIC_EMBED_V1_5, 100)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
create_index(E5_LARGE_V2, 768)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
E5_LARGE_V2.resolve_dimension(512)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
E5_LARGE_V2.dim  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
E5_LARGE_V2.embedding_dim = 768  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
BGE_M3.beir_avg > 0.5  # type: ignore[operator]  # pyright: ignore[reportOptionalOperand]


def of_user(name: str) -> str:
    return get_model(name).name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
