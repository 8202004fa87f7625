"""Whom a scheme accuses: innocent networks, many message keys, alignment on.

The theorem of SPEC 3.1 makes the p-value of an innocent model exactly uniform, whatever the model.
A statistic has few values, so its p-value is randomised within a step: p = P[T > t] + u P[T = t].
The Kolmogorov-Smirnov test then looks for any departure, in either direction.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from scipy.stats import kstest

from verifier.finding import DEFAULT_LEVEL, Finding
from verifier.message import expand_message
from verifier.odds import Decision, Law, law_of, log2_odds

from .cases import Case
from .records import Progress, Record, silent
from .runs import owner, trained

MODELS = 20
KEYS = 500
FIRST_SEED = 1000
"""Of the innocent; owners have small ones."""


def measure_null(
    case: Case,
    *,
    models: int = MODELS,
    keys: int = KEYS,
    data_dir: Path | None = None,
    progress: Progress = silent,
) -> Record:
    """One owner's evidence, read in `models` networks that were trained without it.

    Raises:
        VerifierError: data or network do not fit the scheme.
    """
    data = case.load(data_dir)
    who = owner(case, data, 0)
    evidence = who.evidence[0]
    shape = case.scheme.shape(evidence)
    uniform = np.random.default_rng(0)
    p_values, found = list[float](), list[Finding]()
    for number in range(models + 1):
        progress(number, models + 1, "innocent networks")
        # The owner's own unmarked model is as innocent as any.
        suspect = trained(case, data, FIRST_SEED + number) if number < models else who.unmarked
        reading = case.scheme.read(suspect, evidence)
        law = law_of(reading.low)
        for key in range(keys):
            drawn = hashlib.sha256(f"null {number} {key}".encode()).digest()
            low, high = reading.statistic(expand_message(drawn, shape))
            found.append(
                Finding(case.scheme.id, case.scheme.access, low, high, reading.law, DEFAULT_LEVEL)
            )
            p_values.append(_randomised(low, law, uniform.random()))
    progress(models + 1, models + 1, "done")
    test = kstest(p_values, "uniform")
    return {
        "models": models + 1,
        "keys": keys,
        "readings": len(p_values),
        "matches": sum(finding.decision is Decision.MATCH for finding in found),
        "inconclusive": sum(finding.decision is Decision.INCONCLUSIVE for finding in found),
        "log2_odds_of_best": round(min(finding.log2_odds for finding in found), 1),
        "ks_statistic": round(float(test.statistic), 5),
        "ks_p": round(float(test.pvalue), 4),
        "p_value_deciles": np.histogram(p_values, bins=10, range=(0, 1))[0].tolist(),
    }


def _randomised(statistic: int, law: Law, uniform: float) -> float:
    """`law` is that of the table of sure answers, so that its odds are exact."""
    least = sum(times * row[-1] for times, row in law)
    most = sum(times * row[0] for times, row in law)
    at_least = 2 ** log2_odds(statistic, law) if statistic > least else 1.0
    above = 2 ** log2_odds(statistic + 1, law) if statistic < most else 0.0
    return above + uniform * (at_least - above)
