"""`hypiler ddl`: the table, collection or index of a vector store that fits a model."""

import sys

from hypiler.cli.chosen_model import add_choice_arguments, add_prompt_arguments, chosen_config, open_model
from hypiler.cli.registries import add_registry_arguments
from hypiler.cli.streams import OK, usage_error, write_text
from hypiler.diagnostics.escaping import printable
from hypiler.stores import STORES, StoreLimitError, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from hypiler.schema.model import Model

EXAMPLES = """examples:
  hypiler ddl bge-m3 --shipped --for pgvector | psql           a table with its index and its stamp
  hypiler ddl bge-m3 --shipped --for qdrant --output sparse    another output of the model
  hypiler ddl nomic-embed-v1.5 --shipped --for pgvector --dim 256    truncated vectors
  hypiler ddl qwen3-embedding-4b --shipped --for pgvector --dtype float16
  hypiler ddl bge-m3 --shipped --for milvus --json | jq .query
"""
_DESCRIPTION = """\
Print what creates a table, a collection or an index for the vectors of a model, with the right
type, width and metric, an index, and the stamp of the vector space.

SQL for pgvector, duckdb and sqlite-vec; the body of the request for qdrant, elasticsearch and
opensearch; lines of Python for lancedb, milvus, chroma and faiss. `--json` prints all of it as
data, with a query and the place of the stamp: see docs/stores.

Exit code 2: the store cannot hold or index the vectors. The message lists the alternatives.
"""
# The options of the command by those of a record.
_OPTIONS = {"dimension": "--dim", "dtype": "--dtype", "index": "--index", "store": "--for"}


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("id", metavar="ID", help="id, alias or repository of a model")
    parser.add_argument(
        "--for", dest="store", metavar="STORE", choices=STORES, required=True, help=f"the store: {', '.join(STORES)}"
    )
    add_choice_arguments(parser)
    add_prompt_arguments(parser)
    parser.add_argument(
        "--table", metavar="NAME", help="the table, collection or index, or the file of faiss; default: documents"
    )
    parser.add_argument("--field", default="embedding", metavar="NAME", help="the column or field; default: embedding")
    parser.add_argument("--dtype", metavar="TYPE", help="float32, which is the default, or float16")
    parser.add_argument("--index", metavar="INDEX", help="hnsw, none, or an index that only this store has")
    parser.add_argument("--json", action="store_true", help="print the whole record as JSON")
    add_registry_arguments(parser)


def run(options: "Namespace") -> int:
    """Print the record, or why the vectors do not fit; the exit code."""
    model = open_model(options.id, options)
    try:
        made = _record(model, options)
    except StoreLimitError as error:
        return usage_error(error.told(_OPTIONS))
    except ValueError as error:
        return usage_error(str(error))
    if options.json:
        from hypiler.cli.json_output import print_document

        print_document(**made)
        return OK
    write_text(made["ddl"].removesuffix("\n"), sys.stdout)
    for note in made["notes"]:
        print(f"note: {printable(note)}", file=sys.stderr)
    return OK


def _record(model: "Model", options: "Namespace") -> "dict[str, Any]":
    """The record. A deprecated model may have vectors in a store, so nothing warns of it here."""
    config = chosen_config(model, options)
    chosen = {"field": options.field, "dtype": options.dtype, "index": options.index}
    return record(options.store, config, name=options.table, **chosen)
