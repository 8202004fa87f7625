"""Files that a thief might serve instead of a model, each the smallest form of its attack."""

from __future__ import annotations

import io
import json
import resource
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.support.tiny_models import MLP
from verifier import BadModel, load_package, save_package
from verifier.architectures import build
from verifier.weights import MAX_HEADER_BYTES

GIB = 1 << 30


def serialise(header: object, data: bytes, *, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(first: int, last: int, *shape: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, last]}


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model/data.pkl", b"cos\nsystem\n(S'true'\ntR.")
    return buffer.getvalue()


HOSTILE_FILES = {
    "a pickle under another name": (b"\x80\x04cos\nsystem\n", "this is a pickle"),
    "a torch.save archive under another name": (zipped(), "this is a zip archive"),
    "an empty file": (b"", "shorter than the length"),
    "a header longer than the file": (serialise({}, b"", length=GIB), "exceeds 2"),
    "a header of 2^64-1 bytes": (serialise({}, b"", length=2**64 - 1), "exceeds 2"),
    "a header bomb": (
        serialise(b"{" + b" " * MAX_HEADER_BYTES + b"}", b""),
        f"exceeds {MAX_HEADER_BYTES}",
    ),
    "a header nested deep enough for the parser's stack": (
        serialise(b'{"a":' * 100_000, b""),
        "not JSON",
    ),
    "a header that is no JSON": (serialise(b"{weights}", b""), "not JSON"),
    "a header that is no object": (serialise([], b""), "not a JSON object"),
    "a header of no tensors": (serialise({}, b""), "0 tensors"),
    "a header of too many tensors": (
        serialise({f"t{index}": 0 for index in range(4097)}, b""),
        "4097 tensors",
    ),
    "a tensor twice": (
        serialise(b'{"a":{"dtype":"U8","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"1234"),
        "a key occurs twice",
    ),
    "a tensor's name that is a path": (
        serialise({"../../etc": tensor(0, 4, 1)}, b"1234"),
        "tensor name",
    ),
    "overlapping tensors": (
        serialise({"a": tensor(0, 8, 2), "b": tensor(4, 12, 2)}, bytes(12)),
        "overlap at byte 4",
    ),
    "a hole between tensors": (
        serialise({"a": tensor(0, 4, 1), "b": tensor(8, 12, 1)}, bytes(12)),
        "hole or an overlap at byte 4",
    ),
    "bytes after the last tensor": (
        serialise({"a": tensor(0, 4, 1)}, bytes(12)),
        "12 bytes of data where 4",
    ),
    "a tensor beyond the end": (
        serialise({"a": tensor(0, 4 * GIB, GIB)}, b"1234"),
        "4 bytes of data where 4294967296",
    ),
    "offsets that do not fit the shape": (serialise({"a": tensor(0, 4, 2)}, bytes(4)), "declares"),
    "a negative offset": (serialise({"a": tensor(-4, 0, 1)}, b""), "declares"),
    "an empty side": (serialise({"a": tensor(0, 0, 0, GIB)}, b""), "positive whole numbers"),
    "a side that is true": (
        serialise(b'{"a":{"dtype":"F32","shape":[true],"data_offsets":[0,4]}}', b"1234"),
        "positive whole numbers",
    ),
    "a tensor of rank nine": (serialise({"a": tensor(0, 4, *[1] * 9)}, b"1234"), "rank 9"),
    "a type we do not read": (serialise({"a": tensor(0, 8, 1, dtype="F64")}, bytes(8)), "F64"),
    "a tensor without a shape": (
        serialise({"a": {"dtype": "F32", "data_offsets": [0, 4]}}, b"1234"),
        "does not declare",
    ),
    "a tensor with an extra": (
        serialise({"a": tensor(0, 4, 1) | {"code": "x"}}, b"1234"),
        "more than dtype",
    ),
    "metadata that is not strings": (
        serialise({"__metadata__": {"a": {}}, "a": tensor(0, 4, 1)}, b"1234"),
        "not an object of strings",
    ),
    "a header in UTF-16": (
        serialise(json.dumps({"a": tensor(0, 4, 1)}).encode("utf-16"), b"1234"),
        "not a JSON object",
    ),
    "another model's weights": (
        serialise({"a": tensor(0, 4, 1)}, b"1234"),
        "tensor a is not part of the architecture",
    ),
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    save_package(build(MLP, seed=0), tmp_path)
    return tmp_path


def test_load_package__take_the_honest_one(package: Path) -> None:
    assert load_package(package).config == MLP


@pytest.mark.parametrize("attack", HOSTILE_FILES)
def test_load_package__refuse_weights_that_are(attack: str, package: Path) -> None:
    content, reason = HOSTILE_FILES[attack]
    (package / "model.safetensors").write_bytes(content)

    with pytest.raises(BadModel, match=reason):
        load_package(package)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_load_package__refuse_weights_that_are_not_finite(value: float, package: Path) -> None:
    model = build(MLP, seed=0)
    model.get_parameter("head.weight").data[3, 3] = value
    save_package(model, package)

    with pytest.raises(BadModel, match=r"head\.weight holds NaN or infinity"):
        load_package(package)


def test_load_package__refuse_shapes_other_than_declared(package: Path) -> None:
    narrow = MLP.model_copy(update={"hidden": (64, 127)})
    (package / "config.json").write_text(narrow.model_dump_json())

    with pytest.raises(BadModel, match=r"head\.weight has shape \(10, 128\) where \(10, 127\)"):
        load_package(package)


QUIRKS = {
    "a blank before the brace": lambda header: b" " + header,
    "half a character in a string": lambda header: header.replace(
        b"{", rb'{"__metadata__":{"a":"\ud800"},', 1
    ),
}


@pytest.mark.parametrize("quirk", QUIRKS)
def test_load_package__refuse_a_header_with(quirk: str, package: Path) -> None:
    path = package / "model.safetensors"
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    path.write_bytes(serialise(QUIRKS[quirk](content[8:end]), content[end:]))

    with pytest.raises(BadModel, match="read model"):
        load_package(package)


def test_load_package__not_mind_what_becomes_of_the_file(package: Path) -> None:
    model = load_package(package)
    before = model.head.weight.clone()

    (package / "model.safetensors").write_bytes(b"")

    assert model.head.weight.equal(before)


def test_load_package__refuse_a_missing_tensor(package: Path) -> None:
    deep = MLP.model_copy(update={"hidden": (64, 128, 128)})
    (package / "config.json").write_text(deep.model_dump_json())

    with pytest.raises(BadModel, match=r"tensor hidden\.2\.bias is missing"):
        load_package(package)


def test_load_package__allocate_nothing_for_huge_declared_layers(package: Path) -> None:
    huge = MLP.model_copy(update={"hidden": (8192,) * 8})  # 1.9 GiB of float32
    (package / "config.json").write_text(huge.model_dump_json())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(BadModel, match=r"is declared|is missing"):
        load_package(package)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KiB


HOSTILE_CONFIGS: dict[str, tuple[Callable[[dict[str, object]], object], str]] = {
    "code by reference": (lambda it: it | {"auto_map": "evil.py"}, "auto_map: Extra inputs"),
    "an architecture of its own": (lambda it: it | {"architecture": "vit"}, "'mlp', 'cnn'"),
    "a width beyond the bound": (lambda it: it | {"hidden": [8193]}, "hidden.0"),
    "a width that is text": (lambda it: it | {"hidden": ["64"]}, "valid integer"),
    "too many layers": (lambda it: it | {"hidden": [1] * 9}, "hidden"),
    "a list": (lambda it: [it], "document"),
}


@pytest.mark.parametrize("attack", HOSTILE_CONFIGS)
def test_load_package__refuse_a_config_that_declares(attack: str, package: Path) -> None:
    change, reason = HOSTILE_CONFIGS[attack]
    config = json.loads((package / "config.json").read_bytes())
    (package / "config.json").write_text(json.dumps(change(config)))

    with pytest.raises(BadModel, match=f"read config.json: .*{reason}"):
        load_package(package)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 60_000, b" " * 70_000])
def test_load_package__refuse_a_config_that_is_no_json(content: bytes, package: Path) -> None:
    (package / "config.json").write_bytes(content)

    with pytest.raises(BadModel, match=r"read config\.json"):
        load_package(package)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_load_package__refuse_a_package_with_a_file_missing(name: str, package: Path) -> None:
    (package / name).unlink()

    with pytest.raises(BadModel, match=f"read {name}: No such file"):
        load_package(package)


def test_load_package__take_half_precision_as_float32(package: Path) -> None:
    model = build(MLP, seed=0).to(torch.bfloat16)
    save_package(model, package)

    loaded = load_package(package)

    assert {value.dtype for value in loaded.parameters()} == {torch.float32}
    assert loaded.head.weight.equal(model.head.weight.float())
