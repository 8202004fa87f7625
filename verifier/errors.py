"""What can go wrong, by whose fault it is.

VerifierError
├── Malformed             bytes that break a rule; `action` and `reason` make the sentence
│   ├── BadModel          the suspect's fault: its package is refused
│   ├── BadEvidence       the owner's fault: a shard's evidence is refused
│   │   └── LevelUnreachable   even a perfect reading would not reach the claim's level
│   └── BadData           the user's fault: a data set that cannot be read
├── UnknownScheme         nobody's fault: this verifier does not have the scheme
├── NotReference          the operator's: an appeal needs another environment than this one
├── CapacityExceeded      the model is too narrow for so many shards
└── EmbeddingFailed       training ended in a model that should not be published
    ├── MarkUnreadable    a mark does not read back
    └── AccuracyLost      the marks cost too much accuracy

"No" is a `Finding`; only "could not tell" is an error.
"""

from __future__ import annotations


class VerifierError(Exception):
    """Every error that is expected in normal operation."""


class Malformed(VerifierError):
    """Bytes that break a rule: `action` is what was being done, `reason` the rule and the fact."""

    def __init__(self, action: str, reason: str) -> None:
        self.action = action
        self.reason = reason
        super().__init__(f"{action}: {reason}")


class BadModel(Malformed):
    """The suspect's package cannot be read, or is not a model this verifier can run."""


class BadEvidence(Malformed):
    """A shard's evidence is not what its scheme froze."""


class LevelUnreachable(BadEvidence):
    """All `count` symbols together are likelier by chance than 2^-`level`."""

    def __init__(self, count: int, alphabet: int, level: int) -> None:
        self.count = count
        self.alphabet = alphabet
        self.level = level
        reason = f"{count} symbols of {alphabet} values cannot reach odds of 2^-{level}"
        super().__init__("compute threshold", reason)


class BadData(Malformed):
    """A data set that cannot be read."""


class UnknownScheme(VerifierError):
    """No scheme of this id is registered here."""

    def __init__(self, scheme: str, known: tuple[str, ...]) -> None:
        self.scheme = scheme
        self.known = known
        super().__init__(f"find scheme: {scheme!r} is not one of {', '.join(known)}")


class NotReference(VerifierError):
    """Reference mode was asked for, and `installed` is not the version of torch it is pinned to."""

    def __init__(self, installed: str, pinned: str) -> None:
        self.installed = installed
        self.pinned = pinned
        super().__init__(f"compute in reference mode: torch {installed} is not torch {pinned}")


class CapacityExceeded(VerifierError):
    """The carrier layer holds `capacity` shards, not `shards`."""

    def __init__(self, shards: int, capacity: int, layer: str, width: int) -> None:
        self.shards = shards
        self.capacity = capacity
        self.layer = layer
        self.width = width
        super().__init__(
            f"prepare evidence: layer {layer!r} of width {width} carries at most "
            f"{capacity} shards, not {shards}"
        )


class EmbeddingFailed(VerifierError):
    """Training ended in a model that should not be published."""


class MarkUnreadable(EmbeddingFailed):
    """Mark number `shard` reads back a statistic of `found` where `needed` would do."""

    def __init__(self, shard: int, found: int, needed: int) -> None:
        self.shard = shard
        self.found = found
        self.needed = needed
        super().__init__(
            f"embed marks: shard {shard} reads back {found} where {needed} are needed; "
            "train on more data, or commit at a lower level"
        )


class AccuracyLost(EmbeddingFailed):
    """The marks cost too much: accuracy fell from `before` to `after`."""

    def __init__(self, before: float, after: float) -> None:
        self.before = before
        self.after = after
        super().__init__(f"embed marks: accuracy falls from {before:.1%} to {after:.1%}")
