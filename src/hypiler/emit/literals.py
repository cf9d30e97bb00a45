"""The only place where text from the input becomes Python source: as a literal, in one of three forms."""


def quoted(text: str) -> str:
    """A plain string literal in double quotes, printable ASCII only."""
    return '"' + text.encode("unicode_escape").decode().replace('"', '\\"') + '"'


def block(lines: "list[str]") -> str:
    """A raw literal with one line a row; each line is printable ASCII without double quotes (see `rows`)."""
    return 'r"""\n' + "".join([line + "\n" for line in lines]) + '"""'


def docstring(lines: "list[str]") -> str:
    """A triple-quoted literal for people to read: what prints stays as it is, all else is escaped."""
    shown = [_readable(line) for line in lines]
    return '"""' + "\n".join(shown) + ('\n"""' if len(shown) > 1 else '"""')


def _readable(line: str) -> str:
    if line.isprintable() and '"' not in line and "\\" not in line:
        return line.strip()
    safe = [
        c if c.isprintable() and c not in '\\"' else "'" if c == '"' else _escape(c)
        for c in line
    ]
    return "".join(safe).strip()


def _escape(c: str) -> str:
    return c.encode("unicode_escape").decode()
