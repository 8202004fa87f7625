"""Safetensors from strangers: weights of suspects, and the evidence of owners.

The header is read here first, by rules stricter than the format's, and nothing of the data is
touched before all of them hold:

- 8 bytes of length, then that much JSON, within `MAX_HEADER_BYTES`; no key twice.
- At most `MAX_TENSORS` tensors with plain names, the `DTYPES` below, rank at most 8, no empty side.
- The tensors tile the rest of the file: no hole, no overlap, no byte before, after or shared.
- Floating-point values are finite.

But: what the tensors mean, and whether they fit a network, is for `package.py` and the schemes.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from .errors import BadEvidence, BadModel, Malformed

DTYPES = {
    "U8": (1, torch.uint8),
    "I64": (8, torch.int64),
    "F16": (2, torch.float16),
    "BF16": (2, torch.bfloat16),
    "F32": (4, torch.float32),
}
"""By the format's names: bytes an item, and what torch calls it."""

MAX_FILE_BYTES = 1 << 30
MAX_TENSORS = 4096
MAX_HEADER_BYTES = 1 << 20
"""256 bytes for each of 4096 tensors; the format's own cap is a hundred times that."""

MAX_RANK = 8
NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")

FOREIGN = {
    b"PK": "a zip archive, such as torch.save writes; it may hold code",
    b"\x80": "a pickle; it may hold code",
    b"\x1f\x8b": "gzipped",
    b"\x89HDF": "an HDF5 file",
}
"""How files begin that people rename to .safetensors."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor as the header declares it."""

    dtype: torch.dtype
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What a file declares: its tensors by name, and free strings."""

    entries: dict[str, Entry]
    metadata: dict[str, str]


def read_header(path: Path) -> Header:
    """The header of a suspect's file, checked against the file's size.

    Raises:
        BadModel: it breaks a rule.
    """
    reader = _Reader(f"read {path.name}", BadModel)
    return reader.header(reader.file(path, 8 + MAX_HEADER_BYTES), path.stat().st_size)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a suspect's file, by name.

    Raises:
        BadModel: it breaks a rule.
    """
    reader = _Reader(f"read {path.name}", BadModel)
    # Not mapped into memory: what was checked must be what is used, whatever becomes of the file.
    content = reader.file(path, MAX_FILE_BYTES + 1)
    reader.header(content[: 8 + MAX_HEADER_BYTES], len(content))
    return reader.tensors(content)


def pack(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Tensors and strings as one blob: equal input, equal bytes."""
    # One string, because the library writes several in no fixed order.
    document = json.dumps(dict(metadata), sort_keys=True, separators=(",", ":"))
    return safetensors.torch.save(dict(tensors), {"assay": document})


def unpack(evidence: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What `pack` was given, by the same rules as for a suspect's file.

    Raises:
        BadEvidence: the bytes break a rule.
    """
    reader = _Reader("read evidence", BadEvidence)
    header = reader.header(evidence[: 8 + MAX_HEADER_BYTES], len(evidence))
    document = reader.document(header.metadata.get("assay", "").encode(errors="replace"))
    metadata = reader.strings(document, "metadata")
    return reader.tensors(evidence), metadata


@dataclass(frozen=True, slots=True)
class _Reader:
    """The rules; breaking one is the `blame` of whoever made the file."""

    action: str
    blame: type[Malformed]

    def file(self, path: Path, most: int) -> bytes:
        """The first `most` bytes of a file."""
        try:
            with path.open("rb") as file:
                # By its size, because reading reserves memory for as much as it is asked for.
                return file.read(min(most, os.fstat(file.fileno()).st_size))
        except OSError as error:
            self.refuse(error.strerror or "not readable")

    def header(self, start: bytes, size: int) -> Header:
        """The header at the `start` of a file of `size` bytes."""
        for magic, kind in FOREIGN.items():
            # A length that begins with these bytes is possible, but not one before a brace.
            if start.startswith(magic) and start[8:9] != b"{":
                self.refuse(f"this is {kind}: convert it with safetensors.torch.save_file")
        self.require(size <= MAX_FILE_BYTES, f"{size} bytes exceed {MAX_FILE_BYTES}")
        self.require(len(start) >= 8, "shorter than the length of its header")
        length = int.from_bytes(start[:8], "little")
        self.require(
            length <= min(MAX_HEADER_BYTES, size - 8),
            f"a header of {length} bytes exceeds {min(MAX_HEADER_BYTES, size - 8)}",
        )
        self.require(start[8:9] == b"{", "its header is not a JSON object")
        document = self.document(start[8 : 8 + length])
        metadata = self.strings(document.pop("__metadata__", {}), "__metadata__")
        self.require(0 < len(document) <= MAX_TENSORS, f"{len(document)} tensors")
        return Header(self.entries(document, size - 8 - length), metadata)

    def entries(self, document: dict[str, object], size: int) -> dict[str, Entry]:
        """Every tensor, once it is known that together they tile `size` bytes."""
        entries, spans = {}, []
        for name, declared in document.items():
            self.require(NAME.fullmatch(name), f"tensor name {name[:64]!r}")
            entries[name], span = self.entry(name, declared)
            spans.append(span)
        end = 0
        for first, last in sorted(spans):
            self.require(first == end, f"a hole or an overlap at byte {min(first, end)}")
            end = last
        self.require(end == size, f"{size} bytes of data where {end} are declared")
        return entries

    def entry(self, name: str, declared: object) -> tuple[Entry, tuple[int, int]]:
        """One tensor and where its bytes begin and end."""
        match declared:
            case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [first, last], **rest}:
                self.require(not rest, f"{name} declares more than dtype, shape and data_offsets")
            case _:
                self.refuse(f"{name} does not declare dtype, shape and data_offsets")
        if dtype not in DTYPES:
            self.refuse(f"{name} is {dtype[:16]}, not one of {', '.join(DTYPES)}: convert it")
        self.require(len(shape) <= MAX_RANK, f"{name} has rank {len(shape)}")
        self.require(
            all(type(side) is int and 0 < side <= MAX_FILE_BYTES for side in shape)
            and type(first) is type(last) is int,
            f"{name} has sides or offsets that are no positive whole numbers",
        )
        width, torch_dtype = DTYPES[dtype]
        self.require(
            first >= 0 and last - first == width * math.prod(shape),
            f"{name} declares {first}..{last} for shape {shape} of {dtype}",
        )
        return Entry(torch_dtype, tuple(shape)), (first, last)

    def document(self, text: bytes) -> dict[str, object]:
        """The JSON object that the text is, no key twice at any depth."""
        try:
            document = json.loads(text.decode(), object_pairs_hook=self.unique)
        except (ValueError, RecursionError) as error:
            self.refuse(f"its header is not JSON: {error}")
        if not isinstance(document, dict):
            self.refuse("its header is not a JSON object")
        return document

    def unique(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        """A JSON object; readers disagree on which of two equal keys counts."""
        document = dict(pairs)
        self.require(len(document) == len(pairs), "a key occurs twice")
        return document

    def strings(self, document: object, name: str) -> dict[str, str]:
        """A JSON object of strings."""
        if not isinstance(document, dict) or not all(
            isinstance(value, str) for value in document.values()
        ):
            self.refuse(f"{name} is not an object of strings")
        return document

    def tensors(self, content: bytes) -> dict[str, Tensor]:
        """The tensors of a file whose header holds, none of them with NaN or infinity."""
        try:
            tensors = safetensors.torch.load(content)
        except SafetensorError as error:  # it has rules of its own, such as on surrogates
            self.refuse(str(error))
        for name, tensor in tensors.items():
            self.require(bool(tensor.isfinite().all()), f"{name} holds NaN or infinity")
        return tensors

    def require(self, holds: object, otherwise: str) -> None:
        """Refuse the file unless the rule `holds`."""
        if not holds:
            self.refuse(otherwise)

    def refuse(self, reason: str) -> NoReturn:
        """Blame the file's maker."""
        raise self.blame(self.action, reason)
