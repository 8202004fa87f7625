"""What the papers and their code state, for comparison; and how surely we know it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """A published figure: `attack` is the row of ours to set beside it."""

    what: str
    figure: str
    source: str
    attack: str = "none"


SEEN_CODE = "seen, released code and its results"
SEEN = "seen"
RECALLED = "recalled"

PAPERS: dict[str, tuple[Told, ...]] = {
    "deepsigns-v1": (
        Told("accuracy, MNIST MLP, marked with 4 bits", "98.54 % before, 98.13 % after", RECALLED),
        Told(
            "fine-tuning, 50 to 200 epochs",
            "bit errors 0",
            RECALLED,
            "fine-tuned at 1e-3, all data",
        ),
        Told("pruning of the MNIST MLP", "bit errors 0 up to 90 %", RECALLED, "pruned by 90%"),
        Told(
            "overwriting, WRN, 128 to 1024 new bits",
            "bit errors 0",
            RECALLED,
            "overwritten by a second owner",
        ),
        Told(
            "neurons permuted (Lukas et al.)",
            "mark lost: .03 of it retained",
            "seen, Watermark-Robustness-Toolbox",
            "neurons permuted and rescaled",
        ),
    ),
    "deepsigns-blackbox-v1": (
        Told(
            "fine-tuning",
            "detected on all three benchmarks",
            RECALLED,
            "fine-tuned at 1e-4, all data",
        ),
        Told(
            "pruning",
            "detected up to 60 % (CIFAR CNN), 35 % (WRN)",
            "recalled, faintly",
            "pruned by 60%",
        ),
    ),
    "deepstego-v1": (
        Told("MNIST LeNet-5: accuracy and keys", "98.9 %, keys 98 to 100 %", SEEN_CODE),
        Told("CIFAR-10 ResNet-18: accuracy and keys", "94.6 %, keys 94 %", SEEN_CODE),
    ),
    "dsn-v1": (
        Told("MNIST: teacher; with serial; without", "99.9; 99.8; 9.2 %", "seen, table 1"),
        Told("MNIST: 15 wrong serials", "13.5 % in the mean, 27.2 % at most", "seen, figure 2"),
        Told(
            "MNIST, pruned by 20 %: with serial; without",
            "98.4; 9.9 %",
            "seen, table 3",
            "pruned by 20%",
        ),
        Told(
            "MNIST, fine-tuned on 20 % of the data (from scratch)",
            "95.4 % (95.5 %)",
            "seen, table 2",
            "fine-tuned at 1e-3, 20 % data",
        ),
        Told(
            "MNIST, overwritten, 20 % of the data",
            "94.2 %; the owner's serial is not reported",
            "seen, table 5",
            "overwritten by a second owner",
        ),
    ),
    "mtlsign-v1": (
        Told("accuracy lost to the mark", "about 1 point", "recalled, faintly"),
        Told(
            "fine-tuning, with R_DA",
            "near 100 % of the mark",
            "recalled, faintly",
            "fine-tuned at 1e-3, all data",
        ),
    ),
    "pmi-v1": (Told("lossless: no weight is changed", "so says the abstract", "seen, abstract"),),
}

NOTES: dict[str, str] = {
    "deepsigns-v1": (
        "One innocent network in 16 has any 4 bits, and here the unmarked one is such a one: hence "
        "the 64. To reorder and rescale neurons costs a thief nothing and removes the published "
        "mark; the sound variant puts them back in order first."
    ),
    "deepsigns-blackbox-v1": (
        "Twenty keys shown twice are soon forgotten. The sound variant shows two hundred, many "
        "times over."
    ),
    "deepstego-v1": (
        "What the host has learned: as published it gives the bare cover the key's label as well, "
        "so the covers carry the mark, and whose logo it was proves nothing. Bound is better and "
        "not perfect, and costs accuracy. The detector of the published variant is its own "
        "discriminator; of the others, one trained on another encoder and logo."
    ),
    "dsn-v1": (
        "As printed the lock does not form here: the student serves alike with any serial and "
        "with none. Ours locks, but gradients that may cover the whole image open it, and a thief "
        "with a fifth of the data gains by training on. Ownership does not depend on the lock."
    ),
    "mtlsign-v1": (
        "A head that is trained on a stranger's network knows all sides there: as published, the "
        "mark is in the head. The sound variant freezes the head before the sides are drawn."
    ),
    "pmi-v1": (
        "The closed form is the normal law's. Scores are bounded, and most of the evidence comes "
        "of few images, so the true power is higher."
    ),
}
"""What to see in the published variants' figures."""
