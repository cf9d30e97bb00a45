"""Makes `src/hypiler/schema/licenses.py`, the identifiers of SPDX, from the data of the package license-expression.

python -m pip install license-expression
python tools/make_licenses.py            write what has changed
python tools/make_licenses.py --check    write nothing; exit 1 if the table is not current
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from textwrap import fill
from typing import Any

PATH = Path(__file__).parents[1] / "src/hypiler/schema/licenses.py"
_HEAD = '''"""The identifiers of the SPDX licence list {version}, deprecated ones included.

Written by tools/make_licenses.py from the data of the package license-expression (ScanCode LicenseDB, CC-BY-4.0).
The table is long: only a licence that is not among the usual ones makes `check` import this module.
"""

'''
# Older names in the data that the list of SPDX never had, or does not have any more.
_NOT_OF_SPDX = ("Assembly-exception", "BSD-2", "GPL", "Verbatim-man-pages")
# The data calls these exceptions. In the list of SPDX they are licences, since each one names its licence as well.
_LICENSES = re.compile(r"eCos-2\.0|MPL-2\.0-no-copyleft-exception|GPL-[23]\.0-with-.*-exception")


def identifiers(index: list[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Each identifier of SPDX, with whether it is an exception. Names with `+` are the operator `+` after an id."""
    for entry in index:
        for name in [entry.get("spdx_license_key") or "", *entry.get("other_spdx_license_keys", [])]:
            if re.fullmatch(r"(?!LicenseRef-)[A-Za-z0-9.-]+", name) and name not in _NOT_OF_SPDX:
                yield name, entry["is_exception"] and not _LICENSES.fullmatch(name)


def table(index: list[dict[str, Any]], version: str) -> str:
    """The source of the module."""
    found = sorted(set(identifiers(index)), key=lambda one: (one[0].lower(), one[0]))
    sets = [("LICENSES", False), ("EXCEPTIONS", True)]
    return _HEAD.format(version=version) + "\n".join(_set(name, found, kind) for name, kind in sets)


def _set(name: str, found: list[tuple[str, bool]], kind: bool) -> str:
    words = " ".join(word for word, is_exception in found if is_exception is kind)
    lines = fill(words, 120, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    return f'{name} = frozenset(\n    """\n{lines}\n    """.split()\n)\n'


def main(arguments: list[str]) -> int:
    """Write the table, or say that it is not current."""
    data = files("license_expression") / "data"
    about = (data / "license_key_index.json.ABOUT").read_text("utf-8")
    version = re.findall(r"^spdx_license_list_version: (.+)$", about, re.MULTILINE)[0]
    text = table(json.loads((data / "scancode-licensedb-index.json").read_text("utf-8")), version)
    if PATH.exists() and PATH.read_text("utf-8") == text:
        return 0
    print(f"{PATH.name} {'is not current' if '--check' in arguments else 'written'}")
    if "--check" in arguments:
        return 1
    PATH.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
