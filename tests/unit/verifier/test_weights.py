from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch

from verifier import BadEvidence
from verifier.weights import pack, read_header, read_weights, unpack

TENSORS = {
    "bytes": torch.arange(6, dtype=torch.uint8).view(2, 3),
    "halves": torch.ones(3, dtype=torch.float16),
    "one": torch.tensor(7),
}
STRINGS = {"layer": "hidden", "scheme": "deepsigns-v1", "salt": "00"}


def test_unpack__give_back_what_pack_took() -> None:
    tensors, strings = unpack(pack(TENSORS, STRINGS))

    assert strings == STRINGS
    assert tensors.keys() == TENSORS.keys()
    assert all(value.equal(TENSORS[name]) for name, value in tensors.items())


def test_pack__be_equal_bytes_for_equal_content_in_any_order() -> None:
    """The evidence is committed to by its digest."""
    reordered = dict(reversed(TENSORS.items())), dict(reversed(STRINGS.items()))

    assert len({pack(TENSORS, STRINGS) for _ in range(20)} | {pack(*reordered)}) == 1


@pytest.mark.parametrize("kept", [0, 8, 100, -1])
def test_unpack__blame_the_owner_for_truncated_evidence(kept: int) -> None:
    with pytest.raises(BadEvidence, match="read evidence"):
        unpack(pack(TENSORS, STRINGS)[:kept])


def test_unpack__reject_evidence_without_strings() -> None:
    with pytest.raises(BadEvidence, match="not JSON"):
        unpack(safetensors.torch.save(TENSORS))


def test_read_weights__read_what_the_header_declares(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(pack(TENSORS, STRINGS))

    header, tensors = read_header(path), read_weights(path)

    assert {name: entry.shape for name, entry in header.entries.items()} == {
        name: tuple(value.shape) for name, value in tensors.items()
    }
    assert header.entries["halves"].dtype is tensors["halves"].dtype is torch.float16
