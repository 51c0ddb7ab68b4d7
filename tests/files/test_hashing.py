"""SHA-256 hashes of files."""

from mnistcli.files.hashing import sha256


def test_sha256_agrees_with_the_standard() -> None:
    # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(b"abc") == expected
