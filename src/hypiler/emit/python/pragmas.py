"""The comments that keep formatters, linters and checkers away from generated files."""

# For isort, flake8, pylint, yapf and autopep8 by their names; ruff reads the comments for black, isort and flake8.
# PGH004 is ruff's rule against comments that name no rules.
FORMATTERS_AND_LINTERS = """
# fmt: off
# isort: skip_file
# flake8: noqa: PGH004
# flake8: noqa
# pylint: skip-file
# yapf: disable
# autopep8: off
"""

# For the module alone, whose types are those of the stub. `# type: ignore` would do for most, but for mypy a module
# that begins with it is empty. ty has a rule against comments that name no rules, and one against comments for which
# there is no need: the last line is needed whichever of the two are on, since nothing here divides.
CHECKERS = """\
# mypy: ignore-errors
# pyrefly: ignore-errors
# pyright: basic, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportGeneralTypeIssues=false, reportArgumentType=false
# ty: ignore
# ty: ignore[blanket-ignore-comment, unused-ignore-comment, division-by-zero]
"""
