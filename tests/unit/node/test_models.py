from __future__ import annotations

import json
from pathlib import Path

import pytest

from node.models import Architecture, attack_model, train_model
from verifier import BadData, load_package


@pytest.fixture
def sentences(tmp_path: Path) -> str:
    lines = "".join(
        f"hello my card {i % 5},greeting\nwhere is my money {i},money\n" for i in range(9)
    )
    for part in ("train", "test"):
        (tmp_path / f"{part}.csv").write_text("text,category\n" + lines)
    (tmp_path / "categories.json").write_text(json.dumps(["greeting", "money"]))
    return str(tmp_path)


def test_train_model__make_a_text_network_of_sentences(sentences: str, tmp_path: Path) -> None:
    accuracy = train_model(tmp_path / "out", data=sentences, seed=1, architecture="bilstm")

    assert load_package(tmp_path / "out").config.architecture == "bilstm"
    assert accuracy == 1.0


@pytest.mark.parametrize(("architecture", "advice"), [("cnn", "images: choose bilstm")])
def test_train_model__say_which_architecture_the_data_takes(
    architecture: Architecture, advice: str, sentences: str, tmp_path: Path
) -> None:
    with pytest.raises(BadData, match=advice):
        train_model(tmp_path / "out", data=sentences, seed=1, architecture=architecture)


def test_attack_model__leave_the_stolen_package_as_it_was(sentences: str, tmp_path: Path) -> None:
    train_model(tmp_path / "mine", data=sentences, seed=1, architecture="bilstm", epochs=1)
    before = (tmp_path / "mine" / "model.safetensors").read_bytes()

    attack_model(tmp_path / "mine", tmp_path / "copy", data=sentences, epochs=0)

    assert (tmp_path / "mine" / "model.safetensors").read_bytes() == before
    assert (tmp_path / "copy" / "model.safetensors").read_bytes() != before
