"""Labelled sentences: a directory of train.csv, test.csv and categories.json, as BANKING77 has it.

Each CSV has the columns `text` and `category`; the JSON lists the categories, in the order of their
labels. A sentence becomes the numbers of its words:

- Words are runs of letters, digits and apostrophes, in lower case; `LENGTH` of them at most.
- 0 is padding, 1 any word not in the vocabulary, then the words by falling count.
- The vocabulary is that of the *training* part alone: a test sentence may not teach anything.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from .errors import BadData

LENGTH = 32
"""19 of 20 sentences of BANKING77 are no longer than 29 words."""

MIN_COUNT = 2
"""A word that occurs once teaches nothing, and standing for the unknown ones it teaches those."""

CATEGORIES = "categories.json"
WORD = re.compile(r"[a-z0-9']+")


def read_sentences(directory: Path) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Words (n, length) and labels (n,), int64, of the training and of the test part.

    Raises:
        BadData: a file breaks the form.
        OSError: a file cannot be read.
    """
    labels = _labels(directory)
    training, test = (_rows(directory / f"{part}.csv", labels) for part in ("train", "test"))
    counts = Counter(word for words, _ in training for word in words)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    numbers = {word: at for at, word in enumerate(ranked, 2) if counts[word] >= MIN_COUNT}
    return _tensors(training, numbers), _tensors(test, numbers)


def _labels(directory: Path) -> Mapping[str, int]:
    try:
        categories = json.loads((directory / CATEGORIES).read_text())
    except ValueError as error:
        raise BadData(f"read {CATEGORIES}", str(error)) from error
    if not isinstance(categories, list) or not all(isinstance(name, str) for name in categories):
        raise BadData(f"read {CATEGORIES}", "not a list of names")
    return {name: label for label, name in enumerate(categories)}


def _rows(path: Path, labels: Mapping[str, int]) -> Sequence[tuple[list[str], int]]:
    """The words and the label of each line."""
    rows = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file, strict=True):
                words = WORD.findall(line["text"].lower())[:LENGTH]
                rows.append((words, labels[line["category"]]))
    except (csv.Error, UnicodeDecodeError, KeyError, AttributeError) as error:
        raise BadData(f"read {path.name}", f"line {len(rows) + 2}: {error!r}") from error
    return rows


def _tensors(
    rows: Sequence[tuple[list[str], int]], numbers: Mapping[str, int]
) -> tuple[Tensor, Tensor]:
    sentences = torch.zeros(len(rows), LENGTH, dtype=torch.int64)
    for row, (words, _) in enumerate(rows):
        sentences[row, : len(words)] = torch.tensor([numbers.get(word, 1) for word in words])
    return sentences, torch.tensor([label for _, label in rows])
