"""Checks the files of .github and the workflow in docs/ci.md: by their schemas, and for what makes a workflow unsafe.

    python -m pip install check-jsonschema zizmor && python tools/check_workflows.py

Both tools bring what they need, so no network is used. Exit code 0 if nothing is wrong; 1 otherwise, also if one of the
tools is missing.
"""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
# The schemas that check-jsonschema carries, with the files that each one describes.
SCHEMAS = {
    "vendor.github-workflows": ".github/workflows/*.yml",
    "custom.github-workflows-require-timeout": ".github/workflows/*.yml",
    "vendor.github-actions": ".github/actions/*/action.yml",
    "vendor.dependabot": ".github/dependabot.yml",
    "vendor.github-issue-config": ".github/ISSUE_TEMPLATE/config.yml",
    "vendor.github-issue-forms": ".github/ISSUE_TEMPLATE/[!c]*.yml",
}


def page_workflows(page: str) -> dict[str, str]:
    """The workflows on a page, by the file name that stands above each of them."""
    return dict(
        re.findall(r"^`\.github/workflows/([\w-]+\.yml)`:\n\n```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    )


def commands(root: Path) -> list[list[str]]:
    """What is run in a folder with the files of .github."""
    checks = [
        ["check-jsonschema", "--builtin-schema", schema, *sorted(str(path) for path in root.glob(pattern))]
        for schema, pattern in SCHEMAS.items()
    ]
    return [*checks, ["zizmor", "--offline", "--no-progress", str(root / ".github")]]


def main() -> int:
    """Run the tools on a copy, with the workflows of the page among those of this repository."""
    with TemporaryDirectory() as place:
        root = Path(place)
        for path in ROOT.glob(".github/**/*.yml"):
            copy = root / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
        for name, text in page_workflows((ROOT / "docs/ci.md").read_text("utf-8")).items():
            (root / ".github/workflows" / f"page-{name}").write_text(text, "utf-8", newline="")
        return max([_run(command) for command in commands(root)])


def _run(command: list[str]) -> int:
    """0 if the tool has nothing to say."""
    tool = Path(sysconfig.get_path("scripts"), command[0])
    try:
        return 1 if subprocess.run([tool, *command[1:]], check=False).returncode else 0
    except FileNotFoundError:
        print(f"{command[0]} is missing: python -m pip install {command[0]}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
