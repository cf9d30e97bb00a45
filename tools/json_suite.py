"""Decides every case of the public JSON parsing test suite, and compares with the decisions in docs/json.md.

    python tools/json_suite.py JSONTestSuite/test_parsing

Exit code 0 if no `n_` is accepted, no `y_` is refused but for a key that is there twice, and each `i_` is decided as
documented; 1 otherwise.
"""

import re
import sys
from collections import Counter
from pathlib import Path

from hypiler.jsontext.reader import read_source

PAGE = Path(__file__).parents[1] / "docs/json.md"
ACCEPTED = "accepted"


def documented(page: str) -> dict[str, str]:
    """For every `i_` case, by name without suffix: the code it is refused with, or `accepted`."""
    return dict(re.findall(rf"^\| `(i_\S+)` \|.*\| ({ACCEPTED}|M\d+)[^|]* \|$", page, re.MULTILINE))


def decide(data: bytes) -> set[str]:
    """The codes of all findings about these bytes as JSON, or `accepted`."""
    return {finding.code for finding in read_source(data, "")[1]} or {ACCEPTED}


def allowed(name: str, codes: set[str], decisions: dict[str, str]) -> bool:
    """Whether the case may be decided so."""
    if name.startswith("n_"):
        return ACCEPTED not in codes
    if name.startswith("y_"):
        return codes == {"M004"} if "duplicated_key" in name else codes == {ACCEPTED}
    return codes == {decisions.get(name)}


def main(folder: Path) -> int:
    """Print what was decided, and each case that must not be decided so."""
    decisions = documented(PAGE.read_text("utf-8"))
    found = {path.stem: decide(path.read_bytes()) for path in sorted(folder.glob("[iny]_*.json"))}
    wrong = [name for name, codes in found.items() if not allowed(name, codes, decisions)]
    wrong += [f"{name} (not there)" for name in decisions if name not in found]
    for name in wrong:
        print(f"wrong: {name}: {', '.join(sorted(found.get(name, ())))}")
    for (kind, codes), count in sorted(Counter((name[0], ", ".join(sorted(c))) for name, c in found.items()).items()):
        print(f"{count:4} {kind}_  {codes}")
    print(f"{len(found)} cases, {len(wrong)} wrong")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/json_suite.py FOLDER")
    sys.exit(main(Path(sys.argv[1])))
