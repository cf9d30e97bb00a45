"""The option `--changed` of `check` and `build`, with which git hooks name changed files of any project."""

from hypiler.cli.streams import usage_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from hypiler.project.options import Options, OptionsError

CHANGED_AND_PROJECT = "`--changed` finds the projects of the repository itself: leave out `--project`"
NO_CHANGE = "no project of the repository is concerned"


def add_changed_argument(parser: "ArgumentParser") -> None:
    """The option."""
    parser.add_argument(
        "--changed",
        action="store_true",
        help="for git hooks: FILEs are changed files of the repository; act on the projects that use them",
    )


def changed(options: "Namespace", *, outputs: bool) -> "Iterator[tuple[str, Options | OptionsError]]":
    """The folder of each project that the changed files concern, and its options or why they cannot be used.

    All paths are relative to the current folder. Ends the command if there is no git repository.
    """
    from hypiler.project.changed import NoRepositoryError, changed_projects

    try:
        yield from changed_projects(options.files, outputs=outputs)
    except NoRepositoryError:
        message = "`--changed` must run in a git repository; found none around this folder"
        raise SystemExit(usage_error(message)) from None
