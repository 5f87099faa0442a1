"""Prompt pairs as text: two prompts that differ in one thing, and the answers that tell them apart.

Nothing here knows a model or a tokenizer; `patchwidgets.prompts.tokens` turns pairs into tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from patchwidgets.errors import PromptError
from patchwidgets.prompts import _columns

if TYPE_CHECKING:
    import pandas as pd

END = "END"
"""The role of the last token of the prompt, the one before the answer. Every pair has it."""

Role = int | tuple[int, int]
"""Where a role is: a token position in the prompt without its BOS token (negative counts from the
end), or a span `(start, end)` of characters in the clean prompt."""


@dataclass(frozen=True)
class PromptPair:
    """Two prompts that differ in one thing, and the answers that tell them apart.

    Args:
        clean: The prompt whose answer is `answers`.
        corrupted: The same prompt with something replaced, so that the answer changes; empty where
            noise on the embeddings of the clean prompt takes its place.
        answers: Next words that are right for the clean prompt, with their leading space.
        wrong_answers: Next words that are wrong for the clean prompt.
        roles: Named positions, such as `S2`. `END` is added.
        group: Label of the template or kind of prompt, for results by group.

    Raises:
        PromptError: `roles` gives `END` another position than the last token.
    """

    clean: str
    corrupted: str
    answers: tuple[str, ...]
    wrong_answers: tuple[str, ...]
    roles: Mapping[str, Role] = field(default_factory=dict, hash=False)
    group: str = ""

    def __post_init__(self) -> None:
        if self.roles.get(END, -1) != -1:
            raise PromptError(
                f"Role `END` was given as {self.roles[END]!r}. `END` is always the last token of "
                "the prompt, because the answer is read there. Give your role another name."
            )
        object.__setattr__(self, "roles", MappingProxyType({**self.roles, END: -1}))

    def __reduce__(self) -> tuple[Any, ...]:
        texts = (self.clean, self.corrupted, self.answers, self.wrong_answers)
        return PromptPair, (*texts, dict(self.roles), self.group)


class PromptPairs(Sequence[PromptPair]):
    """Prompt pairs in a fixed order. A slice, a list of indices or a mask picks some of them.

    Args:
        clean: One text per pair.
        corrupted: One text per pair, differing from the clean one; left out where every pair is
            corrupted by noise on its embeddings.
        answers: One answer per pair, or a list of answers that are all right.
        wrong_answers: One answer per pair, or a list.
        roles: Role to place: a token position without BOS (negative counts from the end), a
            `(start, end)` span of characters in the clean prompt, or a text that occurs exactly
            once in it. One place for all pairs, or a list with one per pair.
            A role of several tokens is at its last one, and is a span too: sweeps by
            `positions="buckets"` measure its first, middle and last tokens and what follows it.
        groups: One label for all pairs, or a list with one per pair.

    Raises:
        PromptError: Lists missing, empty or of different lengths; a prompt that is not text; a
            pair whose prompts or answers do not differ; a role that cannot be found.

    Example:
        >>> pairs = PromptPairs(
        ...     clean=["The Eiffel Tower is in the city of"],
        ...     corrupted=["The Brandenburg Gate is in the city of"],
        ...     answers=[" Paris"],
        ...     wrong_answers=[" Berlin"],
        ...     roles={"subject": "Eiffel Tower"},
        ... )
        >>> pairs[0].roles["subject"]
        (4, 16)
    """

    __slots__ = ("_pairs",)

    def __init__(
        self,
        *,
        clean: Iterable[Any] | None = None,
        corrupted: Iterable[Any] | None = None,
        answers: Iterable[Any] | None = None,
        wrong_answers: Iterable[Any] | None = None,
        roles: Mapping[str, Any] | None = None,
        groups: str | Iterable[Any] = "",
    ) -> None:
        texts = _columns.listed("clean", clean)
        columns = _columns.same_length(
            {
                "clean": texts,
                "corrupted": [""] * len(texts)
                if corrupted is None
                else _columns.listed("corrupted", corrupted),
                "answers": _columns.listed("answers", answers),
                "wrong_answers": _columns.listed("wrong_answers", wrong_answers),
            }
        )
        count = len(columns["clean"])
        _columns.check_texts("clean", columns["clean"])
        _columns.check_texts("corrupted", columns["corrupted"])
        places = _columns.role_columns(roles or {}, columns["clean"])
        labels = _columns.repeated("groups", groups, count)
        _columns.check_texts("groups", labels)
        self._pairs = _checked(
            PromptPair(
                clean=columns["clean"][i],
                corrupted=columns["corrupted"][i],
                answers=_columns.answer_set("answers", i, columns["answers"][i]),
                wrong_answers=_columns.answer_set("wrong_answers", i, columns["wrong_answers"][i]),
                roles={role: column[i] for role, column in places.items()},
                group=labels[i],
            )
            for i in range(count)
        )

    @classmethod
    def of(cls, pairs: Iterable[PromptPair]) -> PromptPairs:
        """Return the given pairs as `PromptPairs`.

        Raises:
            PromptError: No pairs, or a pair whose prompts or answers do not differ.
        """
        made = cls.__new__(cls)
        made._pairs = _checked(pairs)
        return made

    @overload
    def __getitem__(self, index: int) -> PromptPair: ...
    @overload
    def __getitem__(self, index: slice | Iterable[int]) -> PromptPairs: ...
    def __getitem__(self, index: int | slice | Iterable[int]) -> PromptPair | PromptPairs:
        if isinstance(index, slice):
            return PromptPairs.of(self._pairs[index])
        if isinstance(index, Iterable):
            return PromptPairs.of(self._pairs[i] for i in _columns.indices(index, len(self)))
        return self._pairs[index]

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[PromptPair]:
        return iter(self._pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PromptPairs) and self._pairs == other._pairs

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        first = self._pairs[0]
        groups = len({pair.group for pair in self._pairs})
        return "\n".join(
            [
                f"PromptPairs: {len(self)} pairs, {groups} group{'s' * (groups > 1)}, "
                f"roles {', '.join(first.roles)}",
                f"  clean      {first.clean!r}",
                f"  corrupted  {first.corrupted!r}",
                f"  answers {first.answers!r}, wrong answers {first.wrong_answers!r}",
            ]
        )

    def table(self) -> pd.DataFrame:
        """Return one row per pair; a role given as characters shows the text it covers."""
        import pandas as pd

        return pd.DataFrame(map(_row, self), index=pd.RangeIndex(len(self), name="pair"))


def _row(pair: PromptPair) -> dict[str, object]:
    places = {
        role: place if isinstance(place, int) else pair.clean[slice(*place)]
        for role, place in pair.roles.items()
    }
    return {
        "clean": pair.clean,
        "corrupted": pair.corrupted,
        "answers": " / ".join(map(repr, pair.answers)),
        "wrong_answers": " / ".join(map(repr, pair.wrong_answers)),
        "group": pair.group,
        **places,
    }


def _checked(pairs: Iterable[PromptPair]) -> tuple[PromptPair, ...]:
    kept = tuple(pairs)
    if not kept:
        raise PromptError(
            "There are no prompt pairs. A measurement needs at least one. Put a prompt in each of "
            "`clean` and `corrupted`, or select at least one pair."
        )
    for i, pair in enumerate(kept):
        _check_differs(i, pair)
    return kept


def _check_differs(i: int, pair: PromptPair) -> None:
    if pair.clean == pair.corrupted:
        raise PromptError(
            f"Pair {i} has the same text clean and corrupted: {pair.clean!r}. The two prompts must "
            "differ, because patching moves only what differs between their runs. Replace the "
            "word that decides the answer in `corrupted`."
        )
    both = [answer for answer in pair.answers if answer in pair.wrong_answers]
    if both:
        raise PromptError(
            f"Pair {i} has {both[0]!r} both as answer and as wrong answer. The two must differ, "
            "because a metric compares them. Put the answer of the corrupted prompt in "
            "`wrong_answers`."
        )
