"""The one accepted form of a manifest, and what is refused."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from protocol.errors import BadManifest, BadPackage
from protocol.package import (
    PackageFile,
    build_manifest,
    manifest_directory,
    model_digest,
    package_bytes,
    parse_manifest,
)
from protocol.types import MAX_MANIFEST_BYTES, Digest

ONES, TWOS = Digest(b"\x11" * 32), Digest(b"\x22" * 32)
FILES = (PackageFile("config.json", ONES, 10), PackageFile("model.safetensors", TWOS, 2**40))
MANIFEST = (
    b'{"files":{"config.json":{"sha256":"' + b"11" * 32 + b'","size":10},'
    b'"model.safetensors":{"sha256":"' + b"22" * 32 + b'","size":1099511627776}},'
    b'"format":"assay-package-v1"}'
)


def test_manifest__has_the_form_of_the_spec() -> None:
    assert build_manifest(reversed(FILES)) == MANIFEST
    assert parse_manifest(MANIFEST) == FILES


def test_model__has_the_digest_and_the_size_of_the_spec() -> None:
    assert model_digest(MANIFEST) == hashlib.sha256(MANIFEST).digest()
    assert package_bytes(MANIFEST) == len(MANIFEST) + 10 + 2**40


@pytest.mark.parametrize(
    ("what", "manifest"),
    [
        ("nothing", b""),
        ("no JSON", b"{"),
        ("no object", b"[]"),
        ("no text", MANIFEST.replace(b"config", b"c\xffnfig")),
        ("a byte order mark", b"\xef\xbb\xbf" + MANIFEST),
        ("white space", MANIFEST.replace(b":10", b": 10")),
        ("a line end", MANIFEST + b"\n"),
        ("names out of order", MANIFEST.replace(b"config.json", b"z.json")),
        ("format before files", b'{"format":"assay-package-v1","files":{}}'),
        ("another format", MANIFEST.replace(b"v1", b"v2")),
        ("an unknown key", MANIFEST.replace(b'"format"', b'"extra":1,"format"')),
        ("an unknown key of a file", MANIFEST.replace(b'"size":10}', b'"size":10,"x":1}')),
        ("a key twice", MANIFEST.replace(b'"size":10}', b'"size":11,"size":10}')),
        ("a size that is true", MANIFEST.replace(b'"size":10}', b'"size":true}')),
        ("a size that is no integer", MANIFEST.replace(b'"size":10}', b'"size":10.0}')),
        ("a size that is text", MANIFEST.replace(b'"size":10}', b'"size":"10"}')),
        ("a negative size", MANIFEST.replace(b'"size":10}', b'"size":-1}')),
        (
            "a size beyond all disks",
            MANIFEST.replace(b'"size":10}', b'"size":9223372036854775808}'),
        ),
        (
            "a number of 5000 digits",
            MANIFEST.replace(b'"size":10}', b'"size":' + b"9" * 5000 + b"}"),
        ),
        ("upper-case hex", MANIFEST.replace(b"11" * 32, b"AA" * 32)),
        ("a short hash", MANIFEST.replace(b"11" * 32, b"11" * 31)),
        ("an escaped name", MANIFEST.replace(b"config", b"\\u0063onfig")),
        ("a path", MANIFEST.replace(b"config.json", b"../config.json")),
        ("an absolute path", MANIFEST.replace(b"config.json", b"/config.json")),
        ("a hidden file", MANIFEST.replace(b"config.json", b".config.json")),
        ("a name with a line end", MANIFEST.replace(b"config.json", b"config.json\\n")),
        ("a manifest in the manifest", MANIFEST.replace(b"config.json", b"manifest.json")),
        ("a name of 129 letters", MANIFEST.replace(b"config.json", b"c" * 129)),
        ("an entry that is a list", MANIFEST.replace(b'{"sha256"', b'[{"sha256"')),
        ("brackets without end", b"[" * MAX_MANIFEST_BYTES),
        ("objects without end", b'{"a":' * (MAX_MANIFEST_BYTES // 5)),
    ],
)
def test_parse_manifest__refuses(what: str, manifest: bytes) -> None:
    with pytest.raises(BadManifest):
        parse_manifest(manifest)


def test_parse_manifest__measures_before_it_reads() -> None:
    with pytest.raises(BadManifest, match="65537 bytes, of at most 65536"):
        parse_manifest(MANIFEST.ljust(MAX_MANIFEST_BYTES + 1))


def test_build_manifest__takes_64_files_and_no_more() -> None:
    files = [PackageFile(f"f{number}", ONES, 1) for number in range(65)]

    assert len(parse_manifest(build_manifest(files[:64]))) == 64
    with pytest.raises(BadManifest, match="65 files"):
        build_manifest(files)


def test_build_manifest__refuses_a_name_twice() -> None:
    with pytest.raises(BadManifest, match="twice"):
        build_manifest([FILES[0], FILES[0]])


def test_manifest_directory__hashes_every_file_and_passes_over_its_own(tmp_path: Path) -> None:
    (tmp_path / "b.bin").write_bytes(b"bbb")
    (tmp_path / "a.bin").write_bytes(b"")
    (tmp_path / "manifest.json").write_bytes(b"an older one")

    files = parse_manifest(manifest_directory(tmp_path))

    assert files == (
        PackageFile("a.bin", Digest(hashlib.sha256(b"").digest()), 0),
        PackageFile("b.bin", Digest(hashlib.sha256(b"bbb").digest()), 3),
    )


def test_manifest_directory__refuses_what_is_no_plain_file(tmp_path: Path) -> None:
    def link(path: Path) -> None:
        path.symlink_to(__file__)

    for name, make in (("folder", Path.mkdir), ("link", link), ("pipe", os.mkfifo)):
        directory = tmp_path / f"with-{name}"
        directory.mkdir()
        make(directory / name)

        with pytest.raises(BadPackage, match=f"{name}: a package holds regular files only"):
            manifest_directory(directory)


def test_manifest_directory__names_a_file_whose_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").touch()

    with pytest.raises(BadPackage, match="DS_Store"):
        manifest_directory(tmp_path)


def test_manifest_directory__refuses_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(BadPackage, match="no files"):
        manifest_directory(tmp_path)
