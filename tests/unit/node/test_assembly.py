"""What becomes of what members say, in whatever order and however often they say it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from node.assembly import Assembly, tag_of
from protocol.certificate import validate_certificate, validate_seal_certificate
from protocol.commitments import votes_root
from protocol.court import Court
from protocol.errors import Ignore, Reject
from protocol.messages import Message, message_to_json
from protocol.types import Digest, Dispute, Outcome, Place, Sealed
from tests.support.voices import Voice

Voices = tuple[Voice, ...]


@pytest.fixture
async def assembly(court: Court, dispute: Dispute) -> Assembly:
    """One that works on the round."""
    assembly = Assembly(court)
    assembly.ours(dispute)
    return assembly


async def hear(assembly: Assembly, *messages: Message) -> None:
    for message in messages:
        await assembly.receive(message_to_json(message))


def leaves_of(voices: Sequence[Voice], count: int = 4) -> tuple[Digest, ...]:
    """The leaves when the first `count` have committed to MATCH."""
    return tuple(voice.leaf() if voice.place < count else Digest(bytes(32)) for voice in voices)


def sealed_over(leaves: Sequence[Digest]) -> Sealed:
    voters = sum(1 << place for place, leaf in enumerate(leaves) if any(leaf))
    return Sealed(votes_root(leaves), voters, vote_deadline=2_000_000_000)


async def not_yet(waiting: asyncio.Task[Any]) -> bool:
    """Whether something is still waited for, after a moment."""
    await asyncio.sleep(0.05)
    return not waiting.done()


async def soon(waiting: Any) -> Any:
    async with asyncio.timeout(5):
        return await waiting


async def test_collected__waits_for_all_or_in_a_hurry_for_a_quorum(
    assembly: Assembly, dispute: Dispute, voices: Voices
) -> None:
    waiting = asyncio.create_task(assembly.collected(dispute, None))
    await hear(assembly, *(voice.commitment(voice.leaf()) for voice in voices[:2]))
    await assembly.hurry(dispute)
    assert await not_yet(waiting)  # two of four are no quorum
    await hear(assembly, voices[2].commitment(voices[2].leaf()))

    assert await soon(waiting) == leaves_of(voices, 3)

    more = asyncio.create_task(assembly.collected(dispute, leaves_of(voices, 3)))
    assert await not_yet(more)
    await hear(assembly, voices[3].commitment(voices[3].leaf()))
    assert await soon(more) == leaves_of(voices)


async def test_collected__of_all_needs_no_hurry(
    assembly: Assembly, dispute: Dispute, voices: Voices
) -> None:
    waiting = asyncio.create_task(assembly.collected(dispute, None))
    await hear(assembly, *(voice.commitment(voice.leaf()) for voice in voices[:3]))
    assert await not_yet(waiting)
    await hear(assembly, voices[3].commitment(voices[3].leaf()))

    assert await soon(waiting) == leaves_of(voices)


async def test_collected__ends_with_the_chains_seal(
    assembly: Assembly, dispute: Dispute, voices: Voices
) -> None:
    """What cannot be sealed any more is not signed."""
    await hear(assembly, *(voice.commitment(voice.leaf()) for voice in voices))
    await assembly.open(dispute, sealed_over(leaves_of(voices, 3)))

    assert await not_yet(asyncio.create_task(assembly.collected(dispute, None)))


async def test_seal_certificate__is_of_a_quorum_for_one_root(
    assembly: Assembly, dispute: Dispute, voices: Voices, court: Court
) -> None:
    waiting = asyncio.create_task(assembly.seal_certificate(dispute))
    await hear(assembly, voices[0].seal(leaves_of(voices)), voices[1].seal(leaves_of(voices)))
    await hear(assembly, voices[2].seal(leaves_of(voices, 3)))
    assert await not_yet(waiting)
    await hear(assembly, voices[2].seal(leaves_of(voices)))

    certificate = await soon(waiting)

    assert (certificate.voters, certificate.signers) == (0b1111, 0b0111)
    validate_seal_certificate(certificate, dispute, court)


async def test_certificate__of_a_root_that_holds_what_was_contradicted_later(
    assembly: Assembly, dispute: Dispute, voices: Voices
) -> None:
    """A second commitment, sent once the chain has taken a root over the first, stalls nobody."""
    await hear(assembly, *(voice.commitment(voice.leaf()) for voice in voices))
    await hear(assembly, voices[3].commitment(voices[3].leaf(Outcome.NO_MATCH)))
    await assembly.open(dispute, sealed_over(leaves_of(voices)))
    await hear(assembly, *(voice.vote(Outcome.MATCH) for voice in voices[:3]))

    certificate = await soon(assembly.certificate(dispute))

    assert certificate.signers == (0, 1, 2)


async def test_openings__hold_our_vote_also_if_it_is_older_than_our_knowledge_of_the_leaves(
    assembly: Assembly, dispute: Dispute, voices: Voices
) -> None:
    leaves = leaves_of(voices)
    await assembly.open(dispute, sealed_over(leaves))
    await assembly.say(dispute, voices[1].vote(Outcome.MATCH))
    await assembly.hear(dispute, {"messages": [], "leaves": [leaf.hex() for leaf in leaves]})

    openings = await soon(assembly.openings(dispute))

    assert openings[0] == (0, Outcome.MATCH, 0, 0)


async def test_certificate__counts_what_the_chain_has_sealed(
    assembly: Assembly, dispute: Dispute, voices: Voices, court: Court
) -> None:
    leaves = leaves_of(voices, 3)
    sealed = sealed_over(leaves)
    await hear(assembly, *(voice.commitment(voice.leaf()) for voice in voices))  # the 4th was late
    with pytest.raises(Ignore):
        await hear(assembly, voices[0].vote())
    showing = asyncio.create_task(assembly.openings(dispute))
    assert await not_yet(showing)

    await assembly.open(dispute, sealed)
    waiting = asyncio.create_task(assembly.certificate(dispute))
    await hear(assembly, voices[0].vote(), voices[1].vote(), voices[3].vote())
    assert await not_yet(waiting)  # the fourth's vote opens no leaf
    await hear(assembly, voices[2].vote())

    certificate = await soon(waiting)
    assert certificate.signers == (0, 1, 2)
    validate_certificate(certificate, dispute, sealed, court)
    assert len((await soon(showing))[0]) == 4
    assert await assembly.openings(dispute) == (certificate.outcomes, certificate.openings)


async def test_hear__learns_the_leaves_it_could_not_compute(
    assembly: Assembly, dispute: Dispute, voices: Voices, court: Court
) -> None:
    """A member that restarts between seal and vote knows only the chain's root."""
    leaves = leaves_of(voices)
    other = Assembly(court)
    other.ours(dispute)
    await hear(other, *(voice.commitment(voice.leaf()) for voice in voices))
    await assembly.open(dispute, sealed_over(leaves))
    before = other.answer(dispute.id, 0)
    assert before["leaves"] is None
    await other.open(dispute, sealed_over(leaves))
    await hear(other, *(voice.vote() for voice in voices[:3]))
    told = other.answer(dispute.id, 0)

    forged = told["leaves"][::-1]
    nonsense: list[object] = [None, 3, [], forged, ["zz"] * 4, [3] * 4, [[]] * 4]
    for wrong in nonsense:
        await assembly.hear(dispute, {**told, "leaves": wrong})
        assert assembly.answer(dispute.id, 0)["leaves"] is None
    assert await assembly.hear(dispute, told) == []

    assert assembly.answer(dispute.id, 0) == told
    assert (await soon(assembly.certificate(dispute))).signers == (0, 1, 2)


async def test_open__finds_the_leaves_when_the_last_commitment_comes_late(
    assembly: Assembly, dispute: Dispute, voices: Voices
) -> None:
    await hear(assembly, *(voice.commitment(voice.leaf()) for voice in voices[:3]))
    await assembly.open(dispute, sealed_over(leaves_of(voices)))
    assert assembly.answer(dispute.id, 0)["leaves"] is None

    await hear(assembly, voices[3].commitment(voices[3].leaf()))

    expected = [leaf.hex() for leaf in leaves_of(voices)]
    assert assembly.answer(dispute.id, 0)["leaves"] == expected


@pytest.mark.parametrize(
    "answer", [None, [], 3, {}, {"messages": 3, "leaves": None}, {"messages": []}]
)
async def test_hear__makes_nothing_of_nonsense(
    assembly: Assembly, dispute: Dispute, answer: object
) -> None:
    assert await assembly.hear(dispute, answer) == []


async def test_equivocation__is_told_once_for_each_member(
    assembly: Assembly, dispute: Dispute, voices: Voices
) -> None:
    await hear(assembly, *(voice.commitment(voice.leaf()) for voice in voices))
    await assembly.open(dispute, sealed_over(leaves_of(voices)))
    waiting = asyncio.create_task(assembly.equivocation(dispute, frozenset()))
    await hear(assembly, voices[1].vote())
    assert await not_yet(waiting)
    await hear(assembly, voices[1].vote(Outcome.NO_MATCH))

    first, second = await soon(waiting)

    assert (first.place, second.place) == (1, 1)
    assert {first.outcome, second.outcome} == {Outcome.MATCH, Outcome.NO_MATCH}
    again = asyncio.create_task(assembly.equivocation(dispute, frozenset({Place(1)})))
    assert await not_yet(again)
    await hear(assembly, voices[2].vote(), voices[2].vote(Outcome.BAD_KEY))
    assert (await soon(again))[0].place == 2


async def test_receive__ignores_rounds_it_does_not_work_on(
    court: Court, dispute: Dispute, voices: Voices
) -> None:
    assembly = Assembly(court)
    said = voices[1].commitment(voices[1].leaf())
    with pytest.raises(Ignore):
        await hear(assembly, said)

    assembly.ours(dispute)
    await hear(assembly, said)
    with pytest.raises(Ignore):
        await hear(assembly, replace(said, round=1))
    assert assembly.answer(dispute.id, 0)["messages"] == [message_to_json(said)]

    assembly.close(dispute)
    with pytest.raises(Ignore):
        await hear(assembly, said)
    assert assembly.answer(dispute.id, 0) == {"messages": [], "leaves": None}


async def test_receive__ignores_what_it_has_and_rejects_what_is_wrong(
    assembly: Assembly, voices: Voices
) -> None:
    said = voices[1].commitment(voices[1].leaf())
    await hear(assembly, said)

    with pytest.raises(Ignore):
        await hear(assembly, said)
    seal = voices[1].seal(leaves_of(voices))
    wrong: list[object] = [
        {},
        [],
        message_to_json(replace(said, place=Place(2))),
        message_to_json(replace(said, place=Place(4))),
        message_to_json(replace(seal, voters=0b10000)),
    ]
    for document in wrong:
        with pytest.raises(Reject):
            await assembly.receive(document)


async def test_receive__keeps_no_more_of_a_member_than_it_may_say(
    assembly: Assembly, dispute: Dispute, voices: Voices
) -> None:
    leaves = [Digest(bytes([number]) * 32) for number in range(1, 12)]
    commitments: list[Message] = [voices[1].commitment(leaf) for leaf in leaves]
    await hear(assembly, *commitments[:2])
    for more in commitments[2:]:  # two put it out; no pairing is spent on a third
        with pytest.raises(Ignore):
            await hear(assembly, more)
    seals: list[Message] = [voices[1].seal([leaf] * 4) for leaf in leaves]
    await hear(assembly, *seals)

    held = assembly.answer(dispute.id, 0)["messages"]

    expected = [message_to_json(one) for one in commitments[:2] + seals[-8:]]
    assert sorted(held, key=str) == sorted(expected, key=str)


async def test_answer__is_the_same_of_members_that_have_heard_the_same(
    assembly: Assembly, dispute: Dispute, voices: Voices, court: Court
) -> None:
    leaves = leaves_of(voices)
    said: list[Message] = [voice.commitment(voice.leaf()) for voice in voices]
    said += [voice.seal(leaves) for voice in voices] + [voices[0].seal(leaves_of(voices, 3))]
    other = Assembly(court)
    other.ours(dispute)
    await hear(assembly, *said)
    await hear(other, *reversed(said))

    assert tag_of(assembly.answer(dispute.id, 0)) == tag_of(other.answer(dispute.id, 0))

    await other.open(dispute, sealed_over(leaves))
    assert tag_of(assembly.answer(dispute.id, 0)) != tag_of(other.answer(dispute.id, 0))


async def test_committed__is_known_once_all_others_were_asked(
    assembly: Assembly, dispute: Dispute, voices: Voices
) -> None:
    """What a machine that was wiped has committed to, the others tell it before it does again."""
    waiting = asyncio.create_task(assembly.committed(dispute, Place(1)))
    for place in (0, 2, 2):
        assembly.asked(dispute, Place(place))
    assert await not_yet(waiting)
    await hear(assembly, voices[1].commitment(voices[1].leaf()))
    assert await not_yet(waiting)
    assembly.asked(dispute, Place(3))

    assert await soon(waiting) == voices[1].leaf()
    for place in range(4):
        assembly.asked(dispute, Place(place))
    assert await soon(assembly.committed(dispute, Place(2))) is None


async def test_leaf__is_that_under_the_chains_root(
    assembly: Assembly, dispute: Dispute, voices: Voices
) -> None:
    """Not the one that was heard of."""
    sealed = [*leaves_of(voices)[:3], voices[3].leaf(Outcome.NO_MATCH)]
    await hear(assembly, *(voice.commitment(voice.leaf()) for voice in voices))
    waiting = asyncio.create_task(assembly.leaf(dispute, Place(3)))
    await assembly.open(dispute, sealed_over(sealed))
    assert await not_yet(waiting)
    await assembly.hear(dispute, {"messages": [], "leaves": [leaf.hex() for leaf in sealed]})

    assert await soon(waiting) == voices[3].leaf(Outcome.NO_MATCH)


async def test_ours__is_what_may_still_be_said(
    assembly: Assembly, dispute: Dispute, voices: Voices
) -> None:
    hastened = assembly.hastened(dispute)
    said = voices[0].commitment(voices[0].leaf())
    await assembly.say(dispute, said)
    assert hastened.is_set()
    hastened_by_sealing = assembly.hastened(dispute)
    assert not hastened_by_sealing.is_set()
    await hear(assembly, *(voice.commitment(voice.leaf()) for voice in voices[1:]))
    assert assembly.ours(dispute) == (said,)

    await assembly.open(dispute, sealed_over(leaves_of(voices)))
    assert assembly.ours(dispute) == ()
    assert hastened_by_sealing.is_set()  # there may be leaves to ask for
    await assembly.say(dispute, voices[0].vote())
    assert assembly.ours(dispute) == (voices[0].vote(),)
