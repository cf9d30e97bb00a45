"""The target `html`: one page with all models of a registry, which asks no network and needs no server.

The page's own parts lie in `assets`: `page.html`, `page.css`, the scripts and a library for the search. A text of the
registry is never markup. It stands in one JSON script, which browsers do not run, and the title. The policy of the page
(CSP) names the sha256 of its style and of its script, so a browser runs nothing else, and it loads nothing.
"""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from json import dumps

from hypiler.catalogue.data import catalogue_data
from hypiler.emit.header import MARKUP, with_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry

_MARKERS = re.compile(r"<!--(?:TITLE|CSP)-->|/\*(?:STYLE|SCRIPT|DATA)\*/")
# What could end the script or its line, and halves of surrogate pairs, which no file can hold.
_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
_POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; img-src data:; base-uri 'none'; form-action 'none'"
)
# The data has one string and one model per line, so that a comparison of two pages shows what changed.
_BY_LINE = ("strings", "sources", "models")


def emit_files(registry: "CheckedRegistry", path: str) -> dict[str, str]:
    """The target `html`: one file."""
    return {path: emit_html(registry)}


def emit_html(registry: "CheckedRegistry") -> str:
    """The text of the page. Comments may stand before the doctype."""
    body = page_of(catalogue_data(registry))
    return with_header(body, registry.sha256, MARKUP, layers=registry.layer_marks)


def page_of(data: "Mapping[str, Any]") -> str:
    """The page of the data of a registry, without the header of generated files."""
    assets = _assets()
    style = _text(assets / "page.css")
    script = "".join([_text(file) for folder in ("vendor", "script") for file in _scripts(assets / folder)])
    parts = {
        "<!--TITLE-->": escape(data["title"]),
        "<!--CSP-->": f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">',
        "/*STYLE*/": style,
        "/*SCRIPT*/": script,
        "/*DATA*/": script_json(data),
    }
    # In one pass: what is put in is not searched for markers.
    return _MARKERS.sub(lambda marker: parts[marker[0]], _text(assets / "page.html"))


def script_json(data: "Mapping[str, Any]") -> str:
    """JSON that may stand in a script of HTML: no character of it can end the script or begin a comment."""
    members = [f"{dumps(key)}:{_member(key, value)}" for key, value in data.items()]
    return _UNSAFE.sub(_escaped, "{" + ",\n".join(members) + "}")


def _member(key: str, value: "Any") -> str:
    if key not in _BY_LINE or not value:
        return _json(value)
    return "[\n" + ",\n".join(map(_json, value)) + "\n]"


def _json(value: "Any") -> str:
    return dumps(value, ensure_ascii=False, separators=(",", ":"))


def _escaped(found: "re.Match[str]") -> str:
    return f"\\u{ord(found[0]):04x}"


def _policy(style: str, script: str) -> str:
    return _POLICY.format(script=_hash(script), style=_hash(style))


def _hash(text: str) -> str:
    """The sha256 of an inline style or script, as a policy names it."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _assets() -> "Traversable":
    from importlib.resources import files

    return files("hypiler.catalogue") / "assets"


def _scripts(folder: "Traversable") -> "list[Traversable]":
    """The scripts of a folder by name; their names begin with numbers where the order counts."""
    return sorted([file for file in folder.iterdir() if file.name.endswith(".js")], key=lambda file: file.name)


def _text(file: "Traversable") -> str:
    r"""A text file, which a checkout may have given line ends `\r\n`: browsers hash the text with `\n`."""
    return file.read_text("utf-8").replace("\r\n", "\n")
