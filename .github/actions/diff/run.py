"""Runs `hypiler diff` in a job of GitHub Actions, and keeps one comment on the pull request up to date.

Settings are environment variables, so that none of them becomes a part of a script. The standard library is enough.
"""

import json
import os
import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

MARK = "<!-- hypiler diff -->"
_BOT = "github-actions[bot]"
_PAGE = 100


def diff_command(program: str, settings: "os._Environ[str] | dict[str, str]") -> list[str]:
    """The command that compares."""
    allowed = [word for id in settings["ALLOW_REMOVAL"].split() for word in ("--allow-removal", id)]
    words = ["--format", "markdown", "--fail-on", settings["FAIL_ON"], "--project", settings["PROJECT"], *allowed]
    return [program, "diff", *words, "--", settings["OLD"]]


def signed(text: str, project: str) -> str:
    """The comment with a second mark, which tells the comments on several projects of a repository apart."""
    # A digest, since a name can hold what ends a comment of HTML.
    place = sha256(os.path.normpath(project).encode()).hexdigest()[:16]
    first, _, rest = text.partition("\n")
    return f"{first}\n<!-- project {place} -->\n{rest}"


def call(method: str, address: str, token: str, body: "dict[str, str] | None" = None) -> "Any":
    """What the API answers. Raises HTTPError."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(address, data, headers, method=method), timeout=60) as answer:  # noqa: S310 - GitHub's address
            return json.load(answer)
    except HTTPError as error:
        error.close()  # an answer too, of which only the code is read
        raise


def login_of(api: str, token: str) -> str:
    """Who writes the comments: the user whose token it is. The token of a job may not ask, and writes as a bot."""
    try:
        return str(call("GET", f"{api}/user", token)["login"])
    except (OSError, ValueError, KeyError):
        return _BOT


def find_comment(comments: str, mark: str, token: str, login: str) -> str | None:
    """The address of the comment that begins with a mark and that `login` or a bot wrote; None if there is none."""
    page = 1
    while True:
        found = call("GET", f"{comments}?per_page={_PAGE}&page={page}", token)
        for one in found:
            is_own = login == one["user"]["login"] or one["user"].get("type") == "Bot"
            if is_own and one["body"].replace("\r\n", "\n").startswith(mark):
                return str(one["url"])
        if len(found) < _PAGE:
            return None
        page += 1


def comment(text: str, settings: "os._Environ[str] | dict[str, str]") -> None:
    """Write the comment, or write it anew. A workflow of a fork may not, and then says so: what fails is no change."""
    address = f"{settings['GITHUB_API_URL']}/repos/{settings['GITHUB_REPOSITORY']}/issues/{settings['NUMBER']}/comments"
    mark = "\n".join(text.split("\n", 2)[:2])
    try:
        old = find_comment(address, mark, settings["TOKEN"], login_of(settings["GITHUB_API_URL"], settings["TOKEN"]))
        if old is None:
            call("POST", address, settings["TOKEN"], {"body": text})
        else:
            call("PATCH", old, settings["TOKEN"], {"body": text})
    except HTTPError as error:
        print(f"::warning::the comment could not be written ({error.code}): does the job have pull-requests: write?")
    except (OSError, ValueError) as error:
        reason = str(error).replace("\n", " ")
        print(f"::warning::the comment could not be written: {reason}")


def report(done: "subprocess.CompletedProcess[str]", settings: "os._Environ[str] | dict[str, str]") -> int:
    """Show what the command printed: in the log, the summary of the job and the comment; the exit code."""
    sys.stderr.write(done.stderr)
    text = done.stdout
    if not text.startswith(MARK):
        text = f"{MARK}\n### Model registry\n\nThe versions could not be compared: see the log of the job.\n"
    with open(settings["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as summary:
        summary.write(text)
    with open(settings["GITHUB_OUTPUT"], "a", encoding="utf-8") as output:
        output.write(f"failed={'true' if done.returncode else 'false'}\n")
    if settings["COMMENT"] == "true" and settings["NUMBER"]:
        comment(signed(text, settings["PROJECT"]), settings)
    return done.returncode


def main() -> int:
    """Install hypiler into an environment of its own, compare, and report."""
    settings = os.environ
    folder = Path(settings["RUNNER_TEMP"], "hypiler-diff")
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(scripts / "python"), "-m", "pip", "install", "--quiet", settings["REQUIREMENT"]]
    subprocess.run(pip, check=True)  # noqa: S603 - no shell reads the words
    # Names of files and models may be in any script. What reads the registry needs no token.
    environment = {name: value for name, value in settings.items() if name != "TOKEN"}
    environment |= {"PYTHONUTF8": "1", "NO_COLOR": "1"}
    words = diff_command(str(scripts / "hypiler"), settings)
    done = subprocess.run(  # noqa: S603
        words, capture_output=True, text=True, encoding="utf-8", env=environment, check=False
    )
    return report(done, settings)


if __name__ == "__main__":
    sys.exit(main())
