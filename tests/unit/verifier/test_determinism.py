"""An appeal is computed in one way, or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from verifier import determinism
from verifier.errors import NotReference


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """What is configured is the whole process's."""
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    is_deterministic = torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.set_default_dtype(dtype)
    torch.set_default_device(None)
    torch.use_deterministic_algorithms(is_deterministic)


def test_configure_reference__is_one_thread_in_float32() -> None:
    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float64)

    determinism.configure_reference()

    assert torch.get_num_threads() == 1
    assert torch.zeros(1).dtype is torch.float32
    assert torch.zeros(1).device.type == "cpu"
    assert torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(
    ("installed", "is_reference"),
    [
        (determinism.REFERENCE_TORCH, True),
        (f"{determinism.REFERENCE_TORCH}+cpu", True),
        (f"{determinism.REFERENCE_TORCH}1", False),
        ("1.0", False),
    ],
)
def test_configure_reference__is_one_version_of_torch(
    installed: str, is_reference: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "__version__", installed)

    if is_reference:
        determinism.configure_reference()
    else:
        with pytest.raises(NotReference, match=f"{installed} is not torch"):
            determinism.configure_reference()
