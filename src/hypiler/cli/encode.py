"""`hypiler encode`: encodes a corpus of Parquet files, with a restart after any interruption."""

import sys

from hypiler.cli.chosen_model import add_choice_arguments, chosen_config, open_model
from hypiler.cli.registries import add_registry_arguments
from hypiler.cli.streams import ENVIRONMENT, FINDINGS, OK, print_error, usage_error
from hypiler.diagnostics.escaping import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from hypiler.config import ModelConfig
    from hypiler.corpus import Report

EXAMPLES = """examples:
  hypiler encode in.parquet out.parquet --model bge-m3 --shipped
  hypiler encode in.parquet out.parquet --model bge-m3 --shipped --output sparse
  hypiler encode in.parquet out.parquet --model acme --local models/acme
  hypiler encode corpus out --parts --model acme --text-column body --columns id
"""
_DESCRIPTION = """\
Encode the texts of a Parquet file, or of a folder of them, into a Parquet file with a column of
vectors. Memory does not grow with the corpus. If the command ends early, run it again: it goes on
where it stopped. The stamp of the vector space is in the metadata of the output.

docs/encoding-corpora.md describes the output, the restart, and encoders for Ray and Spark.
"""
# What messages of the library call otherwise.
_OPTIONS = (
    ("choose another vector_column, or keep other columns only", "use --vector-column or --columns"),
    ("replace it with force", "replace it with --force"),
    ("start over, which removes what it has done", "use --start-over, which removes what it has done"),
    ("leave rows_per_part out", "leave --rows-per-part out"),
    ('with nulls="keep" its vector is null', "with --nulls keep its vector is null"),
)


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("source", metavar="IN", help="a Parquet file, or a folder of Parquet files")
    parser.add_argument("target", metavar="OUT", help="the Parquet file to write")
    parser.add_argument("--model", required=True, metavar="ID", help="id, alias or repository of a model")
    add_choice_arguments(parser)
    parser.add_argument("--prompt", metavar="NAME", help="one of the model's prompts; default: its usual prefix")
    parser.add_argument("--queries", action="store_true", help="encode the texts as queries, not as documents")
    _add_columns(parser.add_argument_group("columns"))
    _add_output(parser.add_argument_group("output"))
    _add_loading(parser.add_argument_group("running the model"))
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_registry_arguments(parser)


def _add_columns(group: "Any") -> None:
    group.add_argument("--text-column", default="text", metavar="NAME", help="the column with the texts; default: text")
    group.add_argument(
        "--vector-column", default="embedding", metavar="NAME", help="the new column; default: embedding"
    )
    group.add_argument("--columns", metavar="NAMES", help="the columns to keep, such as id,title; default: all")
    group.add_argument("--dtype", default="float32", metavar="TYPE", help="float32, which is the default, or float16")
    group.add_argument(
        "--nulls",
        choices=("error", "keep"),
        default="error",
        help="a row without a text is an error, which is the default, or keeps a null as its vector",
    )


def _add_output(group: "Any") -> None:
    group.add_argument("--parts", action="store_true", help="write a folder of part files instead of one file")
    group.add_argument(
        "--rows-per-part",
        type=int,
        metavar="N",
        help="the most rows that an interruption can lose; default: 2048, and 256 for multi-vectors",
    )
    group.add_argument("--force", action="store_true", help="replace a file that is there already")
    group.add_argument("--start-over", action="store_true", help="discard the work of an interrupted run")


def _add_loading(group: "Any") -> None:
    group.add_argument(
        "--engine", default="auto", metavar="NAME", help="the engine; default: the first that can run it"
    )
    group.add_argument("--local", metavar="DIR", help="the folder with the model's files; default: from the hub")
    group.add_argument("--url", metavar="URL", help="a server that runs the model, such as http://localhost:8000/v1")
    group.add_argument("--device", default="cpu", metavar="NAME", help="where the network runs; default: cpu")
    group.add_argument("--batch-size", type=int, default=32, metavar="N", help="texts at once; default: 32")


def run(options: "Namespace") -> int:
    """Encode the corpus and print a report; the exit code."""
    import gc

    # This command runs long, so its garbage matters.
    gc.enable()
    model = open_model(options.model, options, policy=True)
    from hypiler.corpus import CorpusError, UnwritableError
    from hypiler.corpus.run import require_libraries
    from hypiler.corpus.tables import engines

    try:
        # Before the engines, which need other libraries.
        require_libraries()
        report = _encoded(_config(model, options), options)
    except (UnwritableError, engines().EngineError) as error:
        print_error(printable(str(error)))
        return FINDINGS if isinstance(error, engines().PolicyError) else ENVIRONMENT
    except CorpusError as error:
        return usage_error(_in_options(str(error)))
    except (ValueError, TypeError) as error:
        return usage_error(printable(str(error)))
    except (KeyboardInterrupt, SystemExit):
        _say_how_to_go_on(options)
        raise
    _print(report, options)
    return OK


def _config(model: "Any", options: "Namespace") -> "ModelConfig":
    config = chosen_config(model, options)
    if options.prompt is None:
        return config
    return (
        config.with_prompts(query=options.prompt) if options.queries else config.with_prompts(document=options.prompt)
    )


def _encoded(config: "ModelConfig", options: "Namespace") -> "Report":
    """The report. Warnings, such as one of truncated texts, are lines as those of a command."""
    from warnings import catch_warnings, simplefilter

    from hypiler.corpus import encode_parquet

    with catch_warnings(record=True) as caught:
        simplefilter("always")
        report = encode_parquet(
            options.source,
            options.target,
            config,
            text_column=options.text_column,
            vector_column=options.vector_column,
            columns=None if options.columns is None else options.columns.split(","),
            side="query" if options.queries else "document",
            dtype=options.dtype,
            nulls=options.nulls,
            batch_size=options.batch_size,
            rows_per_part=options.rows_per_part,
            parts=options.parts,
            force=options.force,
            start_over=options.start_over,
            load={name: getattr(options, name) for name in ("engine", "local", "device", "url")},
        )
    for warning in caught:
        print(f"warning: {printable(str(warning.message))}", file=sys.stderr)
    return report


def _in_options(message: str) -> str:
    """A message of the library, with the options of the command."""
    for words, instead in _OPTIONS:
        message = message.replace(words, instead)
    return message


def _say_how_to_go_on(options: "Namespace") -> None:
    from hypiler.corpus.parts import parts_folder

    folder = parts_folder(options.target)
    print_error(f"stopped; what is encoded so far is kept in {printable(folder)}: run the same command again to go on")


def _print(report: "Report", options: "Namespace") -> None:
    if options.json:
        from hypiler.cli.json_output import print_document

        print_document(**report.to_dict())
        return
    rate = f" ({report.encoded / report.seconds:,.0f} per second)" if report.encoded and report.seconds else ""
    parts = [f"{report.encoded:,} rows encoded{rate}"]
    if report.resumed:
        parts.append(f"{report.resumed:,} were there already")
    if report.nulls:
        parts.append(f"{report.nulls:,} have no text")
    print(f"{printable(report.output)}: {'; '.join(parts)}")
