from __future__ import annotations

import torch
from torch import Tensor

from verifier.alignment import align, signatures

GENERATOR = torch.Generator().manual_seed(0)
PROBES, NEURONS = 60, 12
GROUPS = torch.arange(PROBES) % 3
VALUES = torch.randn(PROBES, NEURONS, generator=GENERATOR, dtype=torch.float64)
REFERENCE = signatures(VALUES, GROUPS).residuals


def aligned(values: Tensor, *, odd: bool = False) -> Tensor:
    return align(values, signatures(values, GROUPS).residuals, REFERENCE, odd=odd)


def test_signatures__split_values_by_hand() -> None:
    """Two groups, one neuron: 1, 3 | 10, 14. Means 2 and 12, residuals -1, 1, -2, 2."""
    values = torch.tensor([[1.0], [3.0], [10.0], [14.0]], dtype=torch.float64)
    spread = (10 / 4) ** 0.5

    found = signatures(values, torch.tensor([0, 0, 1, 1]))

    expected = torch.tensor([[-1.0], [1.0], [-2.0], [2.0]], dtype=torch.float64) / 10**0.5
    assert found.residuals.allclose(expected)
    assert found.means.allclose(torch.tensor([[2.0], [12.0]], dtype=torch.float64) / spread)


def test_signatures__not_see_positive_scale() -> None:
    scaled = signatures(VALUES * torch.logspace(-3, 3, NEURONS), GROUPS)

    assert scaled.residuals.allclose(REFERENCE)
    assert scaled.means.allclose(signatures(VALUES, GROUPS).means)


def test_signatures__not_see_group_means_in_the_residuals() -> None:
    """Where the mark lives: it may not move the alignment."""
    moved = VALUES + torch.randn(3, NEURONS, generator=GENERATOR, dtype=torch.float64)[GROUPS]

    assert signatures(moved, GROUPS).residuals.allclose(REFERENCE)


def test_signatures__mute_a_neuron_that_does_not_move() -> None:
    still = VALUES.clone()
    still[:, 4] = 1e6 + 1e-3 * VALUES[:, 4]

    found = signatures(still, GROUPS)

    assert not found.residuals[:, 4].any()
    assert not found.means[:, 4].any()


def test_align__undo_a_permutation() -> None:
    order = torch.randperm(NEURONS, generator=GENERATOR)

    assert aligned(VALUES[:, order]).equal(VALUES)


def test_align__turn_round_what_an_odd_activation_lets_a_thief_flip() -> None:
    flips = torch.where(torch.arange(NEURONS) % 3 == 0, -1, 1)

    assert aligned(VALUES * flips, odd=True).equal(VALUES)
    assert not aligned(VALUES * flips).equal(VALUES)


def test_align__leave_added_neurons_without_partner() -> None:
    dummies = torch.randn(PROBES, 5, generator=GENERATOR, dtype=torch.float64)

    assert aligned(torch.cat([dummies, VALUES], 1)).equal(VALUES)


def test_align__take_any_part_of_a_split_neuron() -> None:
    split = torch.cat([VALUES[:, 1:], 0.3 * VALUES[:, :1], 0.7 * VALUES[:, :1]], 1)

    found = aligned(split)

    assert found[:, 1:].equal(VALUES[:, 1:])
    assert found[:, 0].equal(0.3 * VALUES[:, 0]) or found[:, 0].equal(0.7 * VALUES[:, 0])


def test_align__give_zeros_for_what_a_narrowed_suspect_has_not() -> None:
    found = aligned(VALUES[:, 3:])

    assert not found[:, :3].any()
    assert found[:, 3:].equal(VALUES[:, 3:])


def test_align__not_mind_noise_of_devices() -> None:
    noise = 1e-6 * torch.randn(PROBES, NEURONS, generator=GENERATOR, dtype=torch.float64)

    assert aligned(VALUES + noise).equal(VALUES + noise)
