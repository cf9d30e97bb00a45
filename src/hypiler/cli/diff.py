"""`hypiler diff`: what a change of a registry means for whoever uses its models."""

import os
import sys

from hypiler.cli.report import add_project_argument, print_findings, project_options, project_root
from hypiler.cli.streams import FINDINGS, OK, print_error, usage_error, write_text
from hypiler.lifecycle.gate import FAIL_ON, Gate, read_classes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from typing import Any

    from hypiler.lifecycle.summary import Compared
    from hypiler.lifecycle.versions import Version

EXAMPLES = """examples:
  hypiler diff                                  what the working tree changes since HEAD
  hypiler diff main                             the same since another revision
  hypiler diff v1.2 v1.3 --format markdown      two revisions, for a comment
  hypiler diff old/models.json new/models.json  two files
  hypiler diff shipped dist/hypiler.whl         what comes with hypiler, and with another version of it
"""
_DESCRIPTION = """\
Compare two versions of a registry, and say of each change what it breaks.

OLD and NEW are files, `-` for standard input, revisions of git (also as REV:path), folders of
projects, wheels, folders of installed packages, or `shipped`. By default, HEAD is compared with the
working tree of the project.

breaks-vectors: stored vectors or queries of a model do not fit any more.

breaks-api: an id, a name, a type or a choice that programs can use is gone or has changed.

licence-tightened: a licence is stricter than before, or its terms are unknown now.

vectors-undecided: the registry and the lock cannot tell whether vectors change.

evidence-weaker: a fact, its source, its pin or what proves it is gone.

fact-corrected, added, cosmetic: everything else.

Exit codes: 0 nothing fails; 1 a change has a class of --fail-on, several models were removed
without being deprecated first, or a registry has errors; 2 wrong use, or a revision that cannot
be read.
"""
_FORMATS = ("text", "json", "markdown")
_HEAD = "HEAD"
_NOTHING = "no commit yet: nothing to compare the working tree with"


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("old", metavar="OLD", nargs="?", help="the version to compare with; default: HEAD")
    parser.add_argument("new", metavar="NEW", nargs="?", help="the version to judge; default: the working tree")
    shown = f"{', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}"
    about = f"how changes are shown: as {shown}; default: text"
    parser.add_argument("--format", metavar="FORMAT", choices=_FORMATS, default="text", help=about)
    parser.add_argument(
        "--fail-on",
        metavar="CLASS,...",
        default=",".join(FAIL_ON),
        help=f"the classes that fail, or `none`; default: {','.join(FAIL_ON)}",
    )
    parser.add_argument(
        "--allow-removal",
        metavar="ID",
        action="append",
        default=[],
        help="a model that may be removed, or `all`; can be repeated",
    )
    group = parser.add_mutually_exclusive_group()
    add_project_argument(group)
    group.add_argument(
        "--all-projects",
        action="store_true",
        help="for git hooks: compare the working tree of every project in the repository",
    )


def run(options: "Namespace") -> int:
    """Compare, print the changes, and say whether one of them fails."""
    from hypiler.lifecycle.git_tree import NoCommitError, RevisionError
    from hypiler.lifecycle.versions import VersionError, VersionFindings
    from hypiler.project.options import OptionsError

    try:
        gate = Gate(read_classes(options.fail_on), options.allow_removal)
    except ValueError as error:
        return usage_error(f"--fail-on: {error}")
    try:
        pairs = _versions(options)
    except NoCommitError as error:
        if options.old is not None:
            return usage_error(str(error))
        write_text(_NOTHING, sys.stderr)
        return OK
    except (VersionError, RevisionError) as error:
        return usage_error(str(error))
    except VersionFindings as error:
        return _refuse(error)
    except OptionsError as error:
        print_findings(error.findings, None, sys.stderr)
        return FINDINGS
    compared = [one for place, old, new in pairs for one in _compared(place, old, new, gate)]
    _show(compared, *_titles(pairs), options.format)
    return FINDINGS if any(one.fails for one in compared) else OK


def _versions(options: "Namespace") -> "list[tuple[str, Version, Version]]":
    """The two versions of each project, with its folder where there are several."""
    from hypiler.lifecycle.versions import read_version, read_working_tree

    if "" in (options.old, options.new):
        # An unset variable of a script must not make HEAD be compared with itself.
        raise SystemExit(usage_error("OLD and NEW must not be empty: leave them out for the default"))
    if options.old == options.new == "-":
        raise SystemExit(usage_error("standard input can be read once: name a file for OLD or NEW"))
    if options.all_projects:
        return _of_all_projects(options)
    root = project_root(options)
    old = read_version(options.old or _HEAD, root)
    if options.new is not None:
        return [("", old, read_version(options.new, root))]
    return [("", old, read_working_tree(project_options(options).root))]


def _of_all_projects(options: "Namespace") -> "list[tuple[str, Version, Version]]":
    from hypiler.project.changed import projects_of
    from hypiler.project.checkout import git_root

    repository = git_root("")
    if repository is None:
        raise SystemExit(usage_error("`--all-projects` must run in a git repository; found none around this folder"))
    if options.new is not None:
        raise SystemExit(usage_error("`--all-projects` compares working trees: leave out NEW"))
    roots = projects_of(repository)
    found = [_of_project(root, options.old or _HEAD) for root in roots]
    return [one for one in found if one is not None] + _removed(repository, options.old or _HEAD, roots)


def _removed(repository: str, word: str, roots: "list[str]") -> "list[tuple[str, Version, Version]]":
    """The projects of a revision that are gone: a merge can lose a whole project as well as a model."""
    from hypiler.lifecycle.versions import Version, VersionError, VersionFindings, removed_projects
    from hypiler.project.changed import left_out_of_checkout

    kept = [os.path.relpath(os.path.realpath(root), repository).replace(os.sep, "/") for root in roots]
    kept += [os.path.dirname(path) for path in left_out_of_checkout(repository)]
    nothing = Version("the working tree", [], has_options=True)
    try:
        gone = list(removed_projects(word, repository, ["" if one == os.curdir else one for one in kept]))
    except (VersionError, VersionFindings):
        return []  # It had errors before, so nobody could have used it.
    return [(os.path.relpath(os.path.join(repository, folder)), old, nothing) for folder, old in gone]


def _of_project(root: str, word: str) -> "tuple[str, Version, Version] | None":
    """The two versions of one of several projects; None if its old registry has errors or no file."""
    from hypiler.lifecycle.versions import VersionError, VersionFindings, read_version, read_working_tree

    try:
        old = read_version(word, root)
    except VersionFindings as error:
        print_error(f"`{root or '.'}` is left out: its registry has errors in {error.title}")
        return None
    except VersionError as error:
        print_error(f"`{root or '.'}` is left out: {error}")
        return None
    return root, old, read_working_tree(root)


def _titles(pairs: "Sequence[tuple[str, Version, Version]]") -> "tuple[str, str]":
    """What the two versions are called."""
    return (pairs[0][1].title, pairs[0][2].title) if pairs else (_HEAD, "the working tree")


def _refuse(error: "Any") -> int:
    """Print what is wrong with one of the two registries."""
    print_findings(error.findings, error.registry, sys.stderr, limit=50)
    print_error(f"the registry of {error.title} has errors, so it cannot be compared")
    return FINDINGS


def _compared(place: str, old: "Version", new: "Version", gate: Gate) -> "list[Compared]":
    """The registries of a project in both versions."""
    from hypiler.lifecycle.comparison import compare
    from hypiler.lifecycle.summary import Compared
    from hypiler.lifecycle.versions import paired

    found: list[Compared] = []
    for name, before, after, types in paired(old, new):
        difference = compare(before, after, types=types)
        title = f"{place}/{name}" if place else name
        found.append(Compared(title, difference, gate.hits(difference), gate.shrinks(difference)))
    return found


def _show(compared: "Sequence[Compared]", old: str, new: str, form: str) -> None:
    from hypiler.lifecycle.summary import markdown, text_lines

    if form == "json":
        from hypiler.cli.json_output import print_document

        registries = [_record(one) for one in compared]
        print_document(old=old, new=new, failed=any(one.fails for one in compared), registries=registries)
    elif form == "markdown":
        sys.stdout.write(markdown(compared, f"{old} → {new}"))
    else:
        write_text("\n".join(text_lines(compared)), sys.stdout)


def _record(one: "Compared") -> "dict[str, Any]":
    difference = one.difference
    return {
        "name": one.name,
        "step": difference.step,
        "next_version": difference.next_version,
        "old_version": difference.versions[0],
        "new_version": difference.versions[1],
        "removed": list(difference.removed),
        "failed": one.fails,
        "shrunken": one.shrinks,
        "changes": [{**change.to_dict(), "fails": one.is_failing(change)} for change in difference],
    }
