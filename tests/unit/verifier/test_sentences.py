from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from verifier import BadData, load_dataset
from verifier.sentences import LENGTH

FILES = {
    "categories.json": json.dumps(["greeting", "money"]),
    "train.csv": (
        'text,category\n"Hello, hello there!",greeting\nWhere\'s my MONEY?,money\nMy money,money\n'
    ),
    "test.csv": "text,category\nhello my friend,greeting\n",
}


def write(directory: Path, **changed: str | bytes) -> Path:
    for name, text in (
        FILES | {name.replace("_", "."): it for name, it in changed.items()}
    ).items():
        (directory / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return directory


def test_load_dataset__number_the_words_of_sentences_by_hand(tmp_path: Path) -> None:
    """Hello, money and my occur twice: 2, 3 and 4. The others once: unknown, 1."""
    training, test = load_dataset(write(tmp_path))

    assert training.input_shape == test.input_shape == (LENGTH,)
    assert training.inputs[:, :4].tolist() == [[2, 2, 1, 0], [1, 4, 3, 0], [4, 3, 0, 0]]
    assert test.inputs[:, :4].tolist() == [[2, 4, 1, 0]]
    assert (training.labels.tolist(), test.labels.tolist()) == ([0, 1, 1], [0])


def test_load_dataset__learn_no_word_from_the_test_part(tmp_path: Path) -> None:
    _, test = load_dataset(write(tmp_path, test_csv="text,category\nfriend friend,greeting\n"))

    assert test.inputs[0, :3].tolist() == [1, 1, 0]


def test_load_dataset__cut_long_sentences(tmp_path: Path) -> None:
    training, _ = load_dataset(write(tmp_path, train_csv=f"text,category\n{'a ' * 99},money\n"))

    assert training.inputs.tolist() == [[2] * LENGTH]


FAULTS: dict[str, Any] = {
    "a category that is not listed": {"test_csv": "text,category\nhello,weather\n"},
    "other columns": {"train_csv": "words,label\nhello,money\n"},
    "a line cut short": {"train_csv": "text,category\nhello\n"},
    "an open quote": {"train_csv": 'text,category\n"hello,money\n'},
    "no sentences": {"train_csv": "text,category\n"},
    "bytes that are no text": {"train_csv": b"text,category\n\xff,money\n"},
    "categories that are no JSON": {"categories_json": "greeting"},
    "categories that are no names": {"categories_json": "[1, 2]"},
    "categories that are no text": {"categories_json": b"\xff"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_load_dataset__reject_sentences_with(fault: str, tmp_path: Path) -> None:
    with pytest.raises(BadData):
        load_dataset(write(tmp_path, **FAULTS[fault]))


def test_load_dataset__reject_sentences_without_a_test_part(tmp_path: Path) -> None:
    (write(tmp_path) / "test.csv").unlink()

    with pytest.raises(BadData, match=r"test\.csv"):
        load_dataset(tmp_path)
