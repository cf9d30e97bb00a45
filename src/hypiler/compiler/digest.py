"""SHA-256 without the cost of `hashlib`, which loads OpenSSL: half as long as checking a hundred models."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # Python 3.12 and later
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256


def sha256_hex(data: bytes) -> str:
    """The digest of `data` as 64 hex digits."""
    return sha256(data).hexdigest()
