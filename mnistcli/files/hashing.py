"""SHA-256 hashes, the checksums of files."""

import hashlib


def sha256(data: bytes) -> str:
    """Compute the SHA-256 hash of data as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
