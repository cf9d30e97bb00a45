"""SHA-256 by the implementation that is cheapest for the size of the data, and of texts whatever their line ends."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import sha256 as _small
else:
    try:
        from _sha2 import sha256 as _small  # Python 3.12 and later
    except ImportError:
        try:
            from _sha256 import sha256 as _small
        except ImportError:
            from hashlib import sha256 as _small

# Above this size in bytes, OpenSSL is so much faster that it is worth the time that it takes to load.
_LARGE = 500_000


def sha256_hex(data: bytes) -> str:
    """The digest of `data` as 64 hex digits."""
    if len(data) <= _LARGE:
        return _small(data).hexdigest()
    from hashlib import sha256

    return sha256(data).hexdigest()


def text_sha256(data: bytes) -> str:
    """The digest of a text as 64 hex digits. Line ends do not count: git changes them in checkouts (core.autocrlf)."""
    return sha256_hex(with_plain_ends(data))


def with_plain_ends(data: bytes) -> bytes:
    r"""A text with `\n` in the place of `\r\n`. A lone `\r` stays: no checkout writes it."""
    return data.replace(b"\r\n", b"\n")
