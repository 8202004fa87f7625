from __future__ import annotations

import torch
from torch import Tensor

from verifier.alignment import align, signatures

GENERATOR = torch.Generator().manual_seed(0)
PROBES, NEURONS = 60, 12
GROUPS = torch.arange(PROBES) % 3
VALUES = torch.randn(PROBES, NEURONS, generator=GENERATOR, dtype=torch.float64)
REFERENCE = signatures(VALUES, GROUPS).residuals


def partners(values: Tensor) -> list[tuple[int, int]]:
    return list(
        zip(
            *(side.tolist() for side in align(signatures(values, GROUPS).residuals, REFERENCE)),
            strict=True,
        )
    )


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

    assert [(a, int(order[b])) for a, b in partners(VALUES[:, order])] == [
        (neuron, neuron) for neuron in range(NEURONS)
    ]


def test_align__leave_added_neurons_without_partner() -> None:
    dummies = torch.randn(PROBES, 5, generator=GENERATOR, dtype=torch.float64)

    assert partners(torch.cat([dummies, VALUES], 1)) == [
        (neuron, neuron + 5) for neuron in range(NEURONS)
    ]


def test_align__take_any_part_of_a_split_neuron() -> None:
    split = torch.cat([VALUES[:, 1:], 0.3 * VALUES[:, :1], 0.7 * VALUES[:, :1]], 1)

    assert dict(partners(split))[0] in (NEURONS - 1, NEURONS)


def test_align__pair_what_is_left_of_a_narrowed_suspect() -> None:
    assert partners(VALUES[:, 3:]) == [(neuron, neuron - 3) for neuron in range(3, NEURONS)]


def test_align__not_mind_noise_of_devices() -> None:
    noise = 1e-6 * torch.randn(PROBES, NEURONS, generator=GENERATOR, dtype=torch.float64)

    assert partners(VALUES + noise) == partners(VALUES)
