"""`hypiler verify --bytes`: hashes the files of models, and compares them with the recorded sums."""

import sys

from hypiler._missing import missing_library
from hypiler.cli.hub import chosen_entries
from hypiler.cli.json_output import error_record, print_document
from hypiler.cli.streams import ENVIRONMENT, FINDINGS, OK, USAGE, print_error, write_text
from hypiler.diagnostics.escaping import printable
from hypiler.hub.folder import read_folder
from hypiler.hub.snapshot import HubError
from hypiler.verification.byte_check import ByteCheck, check_bytes, recorded_sums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from typing import Any

    from hypiler.cli.hub import Opened
    from hypiler.compiler.checked import Entry

_LISTS = {"wrong": "has other bytes than recorded", "missing": "is missing", "unlisted": "has no recorded sum"}


def run_bytes(opened: "Opened", options: "Namespace") -> int:
    """Hash the files of each model, report, and return the exit code."""
    entries = chosen_entries(opened.registry, options)
    if entries is None:
        return USAGE
    results = [(entry, _result(entry, opened, options)) for entry in entries]
    if options.json:
        print_document(complete=True, models=[_record(entry, one) for entry, one in results])
    else:
        _print(results)
    if any(isinstance(one, HubError) for _, one in results):
        return ENVIRONMENT
    return FINDINGS if any(isinstance(one, ByteCheck) and one.wrong for _, one in results) else OK


def _print(results: "list[tuple[Entry, ByteCheck | HubError]]") -> None:
    """Print what became of the files to standard output, and then the errors to standard error."""
    for _, one in results:
        for line in _lines(one) if isinstance(one, ByteCheck) else ():
            write_text(line, sys.stdout)
    for entry, one in results:
        if isinstance(one, HubError):
            print_error(f"{entry.id}: {printable(str(one))}")


def _result(entry: "Entry", opened: "Opened", options: "Namespace") -> ByteCheck | HubError:
    try:
        return _checked(entry, opened, options)
    except HubError as error:
        return error


def _checked(entry: "Entry", opened: "Opened", options: "Namespace") -> ByteCheck:
    """Raises HubError for a folder that cannot be read, and if nothing can be compared."""
    sums = recorded_sums(entry, opened.locks.get(entry.id))
    if not sums:
        raise HubError(f"no sha256 of its files is recorded: run `hypiler pin {entry.id}`")
    folder = options.local or _cached(entry)
    one = check_bytes(entry, read_folder(folder, list(sums), revision=entry.revision, pins=True), sums)
    if not one.right and not one.wrong:
        raise HubError(f"{folder} has none of the {len(sums)} files whose sha256 is recorded")
    return one


def _cached(entry: "Entry") -> str:
    """The snapshot of the entry's commit in the cache of huggingface_hub. Raises HubError."""
    from os.path import isdir, join

    if entry.revision is None:
        raise HubError("it has no `revision`, so its snapshot in the cache is not known: name a folder with --local")
    try:
        from huggingface_hub.constants import HF_HUB_CACHE
    except ImportError as error:
        print_error(missing_library(error, "hypiler[hub]"))
        raise SystemExit(ENVIRONMENT) from None
    store = "models--" + entry.repository.replace("/", "--")
    folder = join(HF_HUB_CACHE, store, "snapshots", entry.revision)
    if not isdir(folder):
        raise HubError(f"the cache of huggingface_hub has no snapshot of {entry.repository} @ {entry.revision}")
    return folder


def _lines(one: ByteCheck) -> "Iterator[str]":
    counts = {"right": len(one.right), **{kind: len(getattr(one, kind)) for kind in _LISTS}}
    yield f"{one.entry.id} ({printable(one.folder)}): " + ", ".join([f"{n} {kind}" for kind, n in counts.items() if n])
    for kind, words in _LISTS.items():
        for name in getattr(one, kind):
            yield f"  {kind:9}{printable(name)} {words}"


def _record(entry: "Entry", one: ByteCheck | HubError) -> "dict[str, Any]":
    error, folder = (one, None) if isinstance(one, HubError) else (None, one.folder)
    lists = {kind: getattr(one, kind, []) for kind in ("right", *_LISTS)}
    return {"id": entry.id, "revision": entry.revision, "folder": folder, "error": error_record(error), **lists}
