"""A model as a directory of files under one digest (SPEC 2.3).

The manifest has one accepted form, byte for byte, so two honest readers never disagree about which
files a digest names. It is read from strangers: its size is checked before it is parsed. What the
files contain is the verifier's business; fetching them is the node's.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import BadManifest, BadPackage
from .types import MAX_MANIFEST_BYTES, MAX_PACKAGE_FILES, Digest, ModelDigest

MANIFEST_NAME: Final = "manifest.json"
"""Where a directory keeps its own manifest; no file of a package may have this name."""
FORMAT: Final = "assay-package-v1"
MAX_FILE_BYTES: Final = 2**63 - 1
"""Sizes travel as JSON numbers and as uint64; this is the most that all readers agree on."""

_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SHA256_HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a package: its plain name, sha256 and size."""

    path: str
    digest: Digest
    size: int


def model_digest(manifest: bytes) -> ModelDigest:
    """The digest that names the model."""
    return ModelDigest(hashlib.sha256(manifest).digest())


def package_bytes(manifest: bytes) -> int:
    """The model's size: the manifest and all files.

    Raises:
        BadManifest: as `parse_manifest`.
    """
    return len(manifest) + sum(file.size for file in parse_manifest(manifest))


def manifest_directory(directory: Path) -> bytes:
    """The manifest of the files in `directory`, read as streams; its own manifest is passed over.

    Raises:
        BadPackage: something in it is not a plainly named regular file, or there is nothing in it.
        BadManifest: there are too many files.
    """
    files = [
        _package_file(path) for path in sorted(directory.iterdir()) if path.name != MANIFEST_NAME
    ]
    if not files:
        raise BadPackage(str(directory), "it holds no files")
    return build_manifest(files)


def build_manifest(files: Iterable[PackageFile]) -> bytes:
    """The manifest that names `files`.

    Raises:
        BadManifest: a name, a size or their number is not allowed.
    """
    entries: dict[str, dict[str, str | int]] = {}
    for file in files:
        if not _PLAIN_NAME.fullmatch(file.path) or file.path == MANIFEST_NAME:
            raise BadManifest(f"{file.path!r} is not a plain file name")
        if file.path in entries:
            raise BadManifest(f"{file.path!r} is named twice")
        if not 0 <= file.size <= MAX_FILE_BYTES:
            raise BadManifest(f"{file.path!r} has {file.size} bytes")
        # int(): JSON's `true` is Python's True, which is 1 but would be written back as `true`.
        entries[file.path] = {"sha256": file.digest.hex(), "size": int(file.size)}
    if len(entries) > MAX_PACKAGE_FILES:
        raise BadManifest(f"{len(entries)} files, of at most {MAX_PACKAGE_FILES}")
    manifest = {"files": entries, "format": FORMAT}
    return json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode("ascii")


def parse_manifest(manifest: bytes) -> tuple[PackageFile, ...]:
    """The files that `manifest` names, in order of name.

    Raises:
        BadManifest: it is not in the one accepted form.
    """
    if len(manifest) > MAX_MANIFEST_BYTES:
        raise BadManifest(f"{len(manifest)} bytes, of at most {MAX_MANIFEST_BYTES}")
    # py_ecc, which comes with web3, raises the recursion limit to 100,000: 64 KiB of brackets would
    # run Python's JSON parser off the end of the stack. A manifest has no list, and few objects.
    if b"[" in manifest or manifest.count(b"{") > 2 + MAX_PACKAGE_FILES:
        raise BadManifest("it nests more than a manifest does")
    try:
        document = json.loads(manifest.decode("ascii"))
    except ValueError as error:
        raise BadManifest(f"not JSON ({error})") from error
    match document:
        case {"files": dict() as entries, "format": str()}:
            files = tuple(_parse_entry(path, entry) for path, entry in entries.items())
        case _:
            raise BadManifest("not an object of files and format")
    if build_manifest(files) != manifest:
        raise BadManifest(f"not the one accepted form of {FORMAT}")
    return files


def _parse_entry(path: str, entry: object) -> PackageFile:
    match entry:
        case {"sha256": str() as sha256, "size": int() as size} if _SHA256_HEX.fullmatch(sha256):
            return PackageFile(path, Digest(bytes.fromhex(sha256)), size)
        case _:
            raise BadManifest(f"{path!r} has no sha256 and size")


def _package_file(path: Path) -> PackageFile:
    if path.is_symlink() or not path.is_file():
        raise BadPackage(str(path), "a package holds regular files only")
    if not _PLAIN_NAME.fullmatch(path.name):
        raise BadPackage(str(path), "a name is letters, digits, dots, dashes and underscores")
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()
        return PackageFile(path.name, Digest(digest), stream.tell())
