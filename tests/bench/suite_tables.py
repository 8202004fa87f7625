"""What schemes are measured on by themselves: forgeries, the innocent, devices and speed."""

from __future__ import annotations

from collections.abc import Iterator

from .wording import Record, odds, of_suite, table


def suites(records: list[Record]) -> Iterator[str]:
    """The sections of forgeries, the innocent, devices and speed."""
    yield "## Forgeries"
    yield (
        "Liars forge evidence with the victim at hand, then messages are drawn; every forgery is "
        "tried with as many. Grinding keeps the best of many seeds against one beacon; then comes "
        "the next. Beside it the same liar where evidence is free, as published."
    )
    yield table(
        ["scheme", "tries", "accepted", "best odds", "ground to", "then", "as published"],
        [
            [
                each["scheme"],
                f"{each['tries']:,}",
                str(each["accepted"]),
                odds(min(row["log2_odds_of_best"] for row in each["forgeries"].values())),
                odds(min(row["log2_odds_before_beacon"] for row in each["grinding"].values())),
                odds(min(row["log2_odds_after_beacon"] for row in each["grinding"].values())),
                f"{each['paper']['found']:.3g} of {each['paper']['needed']:.3g}: "
                + ("**accepted**" if each["paper"]["accepted"] else "refused"),
            ]
            for each in of_suite(records, "forgery")
        ],
    )
    yield "## The innocent"
    yield (
        "Independent networks and the owner's unmarked one, many messages each, alignment on. KS: "
        "the Kolmogorov-Smirnov test of p-values against the uniform law."
    )
    yield table(
        ["scheme", "networks", "readings", "MATCH", "INCONCLUSIVE", "best odds", "KS p"],
        [
            [
                each["scheme"],
                str(each["models"]),
                f"{each['readings']:,}",
                str(each["matches"]),
                str(each["inconclusive"]),
                odds(each["log2_odds_of_best"]),
                f"{each['ks_p']:.3f}",
            ]
            for each in of_suite(records, "null")
        ],
    )
    yield "## Devices"
    yield (
        "The largest change of a symbol between any two of: 1 and 2 threads, batches of 1, 8 and "
        "64, double precision; as a part of the band that the scheme allows. CPU only."
    )
    yield table(
        ["scheme", "suspect", "largest change", "contradictions"],
        [
            [each["scheme"], name, f"{found['largest_change']:.2g}", str(found["contradictions"])]
            for each in of_suite(records, "noise")
            for name, found in each["suspects"].items()
        ],
    )
    yield "## Speed"
    yield "Reading one shard, beside the bare forward passes that it needs; one thread."
    yield table(
        ["scheme", "data", "times bare", "ms", "symbols", "inputs", "at once", "evidence, kB"],
        [
            [
                each["scheme"],
                each["data"],
                f"{each['ratio']:.2f}" if each["ratio"] else "shows none",
                f"{each['milliseconds']:.0f}",
                str(each["symbols"]),
                f"{each['inputs']:,}",
                str(each["inputs_at_once"]),
                f"{each['evidence_bytes'] / 1000:.0f}",
            ]
            for each in of_suite(records, "speed")
        ],
    )
