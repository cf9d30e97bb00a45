"""Makes the tables of licences in `src/hypiler/schema` from the data of the package license-expression.

`licenses.py` has the identifiers of SPDX, and `license_classes.py` the classes of those that are not permissive.

python -m pip install license-expression
python tools/make_licenses.py            write what has changed
python tools/make_licenses.py --check    write nothing; exit 1 if a table is not current
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from textwrap import fill
from typing import Any

SCHEMA = Path(__file__).parents[1] / "src/hypiler/schema"
_HEAD = '''"""The identifiers of the SPDX licence list {version}, deprecated ones included.

Written by tools/make_licenses.py from the data of the package license-expression (ScanCode LicenseDB, CC-BY-4.0).
The table is long: only a licence that is not among the usual ones makes `check` import this module.
"""

'''
_CLASSES_HEAD = '''"""The classes of licences: the words of the SPDX licence list {version} that ask more than a notice.

Written by tools/make_licenses.py from the data of the package license-expression (ScanCode LicenseDB, CC-BY-4.0). The
classes join the categories of that data, which https://scancode-licensedb.aboutcode.org/ describes; licences whose name
says that they forbid commercial use have a class of their own. Permissive licences and the public domain are left out.
"""

'''
# The categories of the data that each class joins.
_CATEGORIES = {
    "WEAK_COPYLEFT": ("Copyleft Limited",),
    "STRONG_COPYLEFT": ("Copyleft",),
    "USE_RESTRICTED": ("Source-available", "Free Restricted", "Proprietary Free"),
    "UNSTATED": ("Unstated License", "Commercial"),
}
_NON_COMMERCIAL = re.compile(r"-NC-|-NC$|Noncommercial|^NCGL-")
# Terms outside SPDX under the names that the hub's documentation gives them, with their keys in the data.
_OUTSIDE_SPDX = {
    "bigcode-open-rail-m-v1": "LicenseRef-bigcode-openrail-m",
    "bigscience-open-rail-m": "LicenseRef-bigscience-openrail-m",
    "bigscience-rail-1.0": "LicenseRef-bigscience-bloom-rail-1.0",
    "gemma-tou-2024-04-01": "LicenseRef-Gemma",
    "llama-2-license-2023": "LicenseRef-llama2",
}
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


def classes(index: list[dict[str, Any]], version: str) -> str:
    """The source of the module with the classes."""
    found: dict[str, set[str]] = {name: set() for name in [*_CATEGORIES, "NON_COMMERCIAL"]}
    for entry in index:
        own = [name for name, categories in _CATEGORIES.items() if entry["category"] in categories]
        for word in [*[word for word, _ in identifiers([entry])], *_reference(entry)] if own else ():
            found["NON_COMMERCIAL" if _NON_COMMERCIAL.search(word) else own[0]].add(word)
    return _CLASSES_HEAD.format(version=version) + "\n".join(
        _set(name, [(word, False) for word in sorted(words, key=str.lower)], kind=False)
        for name, words in found.items()
    )


def _reference(entry: dict[str, Any]) -> list[str]:
    key = entry["license_key"]
    return [_OUTSIDE_SPDX[key]] if key in _OUTSIDE_SPDX else []


def main(arguments: list[str]) -> int:
    """Write the tables, or say which is not current."""
    data = files("license_expression") / "data"
    about = (data / "license_key_index.json.ABOUT").read_text("utf-8")
    version = re.findall(r"^spdx_license_list_version: (.+)$", about, re.MULTILINE)[0]
    index = json.loads((data / "scancode-licensedb-index.json").read_text("utf-8"))
    texts = {"licenses.py": table(index, version), "license_classes.py": classes(index, version)}
    stale = [name for name, text in texts.items() if not _is_current(SCHEMA / name, text)]
    for name in stale:
        print(f"{name} {'is not current' if '--check' in arguments else 'written'}")
        if "--check" not in arguments:
            (SCHEMA / name).write_text(texts[name], "utf-8")
    return int(bool(stale) and "--check" in arguments)


def _is_current(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
