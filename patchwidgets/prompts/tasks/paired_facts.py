"""Factual recall in both directions: each fact of a pair is once clean and once corrupted."""

from collections.abc import Iterator

from patchwidgets.prompts.tasks._facts import Fact
from patchwidgets.prompts.tasks._recall import Facts

__all__ = ["paired_facts"]


class _PairedFacts(Facts):
    """Factual recall, with every pair of facts in both directions.

    As `facts`; the pair that follows is the one before with its prompts exchanged, so that an even
    `n` is so many halves of both. Every fact is in one pair before any is in a second one. With
    `known="top"` the pairs meet what PairedFacts asks: equally many tokens, different answers of
    one token, and both answers the model's first choice; an exchanged pair is then kept or left
    out with the other.

    Differs from the paper: the facts are a list of our own, not the 145 pairs of PairedFacts, and
    prompts of a relation share one template.

    Source: Zhang & Nanda 2023, arXiv 2309.16042, appendix B: each of the pairs in both directions.
    """

    name: str = "paired_facts"
    title: str = "Factual recall, both directions"

    def _ordered(self, drawn: Iterator[tuple[Fact, Fact]]) -> Iterator[tuple[Fact, Fact]]:
        """Yield each two facts twice, those first that are in no pair yet."""
        used: set[Fact] = set()
        given: set[frozenset[Fact]] = set()
        later = []
        listed = list(drawn)
        clean = {one for one, _ in listed}
        for one, other in listed:
            if other not in clean:  # it cannot be a clean prompt
                continue
            if used & {one, other}:
                later.append((one, other))
                continue
            used |= {one, other}
            given.add(frozenset((one, other)))
            yield from ((one, other), (other, one))
        for one, other in later:
            if frozenset((one, other)) not in given:
                given.add(frozenset((one, other)))
                yield from ((one, other), (other, one))


paired_facts = _PairedFacts()
