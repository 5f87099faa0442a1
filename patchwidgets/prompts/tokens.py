"""Prompt pairs as tokens: aligned, grouped by length, with every role at a position.

Prompts of unequal length are grouped, never padded, so that one position always means the same
thing and the last position is always the one before the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from patchwidgets.prompts._alignment import (
    check_aligned,
    check_has_corrupted,
    check_readable,
    ordered_roles,
    role_position,
)
from patchwidgets.prompts._answering import answer_continuations, answer_tokens
from patchwidgets.prompts._encoding import (
    Encoded,
    Tokenizer,
    bos_ids,
    decoder,
    encode,
    token_strings,
    unknown_id,
)
from patchwidgets.prompts.answers import Answers, AnswerTokens
from patchwidgets.prompts.corruptions._noise import FittedNoise
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.spans import Places, buckets_of

__all__ = [
    "AnswerTokens",
    "TokenGroup",
    "TokenPairs",
    "Tokenizer",
    "tokenize",
]


@dataclass(frozen=True, eq=False)
class TokenGroup:
    """The prompt pairs of one token length.

    Args:
        members: Row of each in the study: its pair, or its pair and draw (`TokenPairs.pair_of`).
        clean: Token ids, with BOS if there is one.
        corrupted: Token ids, differing from `clean` in every row unless there is noise.
        roles: Position of each role that all members have, counting BOS.
        noise: Added to the token embeddings in the corrupted run; 0 where nothing is.
        read: How many positions at the end are read: 1, or as many as an answer has tokens.
    """

    members: tuple[int, ...]
    clean: Int[Tensor, "batch pos"]
    corrupted: Int[Tensor, "batch pos"]
    roles: Mapping[str, Int[Tensor, " batch"]]
    noise: Float[Tensor, "batch pos d_model"] | None = None
    read: int = 1

    @property
    def differs(self) -> Bool[Tensor, "batch pos"]:
        """Where the corrupted run is given something else than the clean run."""
        replaced = self.clean != self.corrupted
        return replaced if self.noise is None else replaced | self.noise.any(-1)

    @property
    def first_difference(self) -> int:
        """Smallest position at which any member differs; the runs agree before it."""
        return int(self.differs.any(dim=0).nonzero()[0])

    def select(self, rows: slice) -> "TokenGroup":
        """Return some of the prompts."""
        return replace(
            self,
            members=self.members[rows],
            clean=self.clean[rows],
            corrupted=self.corrupted[rows],
            roles={role: at[rows] for role, at in self.roles.items()},
            noise=None if self.noise is None else self.noise[rows],
        )


@dataclass(frozen=True, eq=False)
class TokenPairs:
    """Prompt pairs as tokens, in groups of equal length.

    Args:
        pairs: The texts.
        groups: One per token length, shortest first.
        answers: Answer tokens of all rows: of all pairs in their order, each once per draw;
            `Continuations` where answers may be of several tokens.
        prepend_bos: Whether position 0 is a BOS token.
        strings: For every pair the readable tokens of the clean and of the corrupted prompt.
        roles: Names of the roles that every prompt has, in order of position, `END` last.
        noise: What is added to embeddings in the corrupted runs, if that is how they differ.
        replaced: Corrupted prompts of every pair, drawn one by one; 1 under noise.
        buckets: By span, then by bucket, its positions in every pair; see `prompts/spans.py`.
    """

    pairs: PromptPairs
    groups: tuple[TokenGroup, ...]
    answers: Answers
    prepend_bos: bool
    strings: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    roles: tuple[str, ...]
    noise: FittedNoise | None = None
    replaced: int = 1
    buckets: Mapping[str, Mapping[str, Places]] = field(default_factory=dict)

    @property
    def draws(self) -> int:
        """Draws of noise or of corrupted prompts, and so rows, of every pair."""
        return self.replaced if self.noise is None else self.noise.noise.draws

    @property
    def n_rows(self) -> int:
        """Clean runs, and corrupted runs: pairs times draws."""
        return len(self.pairs) * self.draws

    def pair_of(self, row: int) -> int:
        """Return which pair a row is of; the draws of a pair are next to each other."""
        return row // self.draws

    def diff(self, i: int) -> list[bool]:
        """Return for every position of pair `i` whether its tokens differ, or are noised."""
        group, row = self._at(i)
        return group.differs[row].tolist()

    def show(self, limit: int = 3) -> str:
        """Return the first `limit` pairs as text, with `[brackets]` around what differs."""
        shown = [self._show_pair(i) for i in range(min(limit, len(self.pairs)))]
        if self.noise is not None and shown:
            shown[0] = f"{self.noise} on the tokens in [brackets]\n{shown[0]}"
        left = len(self.pairs) - len(shown)
        return "\n\n".join([*shown, *([f"and {left} more"] if left > 0 else [])])

    def _at(self, i: int) -> tuple[TokenGroup, int]:
        first = i * self.draws
        group = next(group for group in self.groups if first in group.members)
        return group, group.members.index(first)

    def _show_pair(self, i: int) -> str:
        pair, marks = self.pairs[i], self.diff(i)
        group, row = self._at(i)
        clean, corrupted = self.strings[i]
        places = {role: int(at[row]) for role, at in group.roles.items()}
        named = sorted(places.items(), key=lambda item: item[1])
        return "\n".join(
            [
                f"pair {i}" + (f", {pair.group}" if pair.group else ""),
                f"  clean      {_marked(clean, marks)}",
                f"  corrupted  {_marked(corrupted, marks)}",
                f"  answers    {_quoted(pair.answers)}, not {_quoted(pair.wrong_answers)}",
                "  roles      " + ", ".join(f"{role} {at} {clean[at]!r}" for role, at in named),
            ]
        )


def _marked(strings: Sequence[str], marks: Sequence[bool]) -> str:
    marked = (_bracketed(text) if mark else text for text, mark in zip(strings, marks, strict=True))
    return "".join(marked).replace("\n", "\\n")


def _bracketed(text: str) -> str:
    return f" [{text[1:]}]" if text[:1] == " " and text[1:] else f"[{text}]"


def _quoted(answers: Sequence[str]) -> str:
    return " / ".join(map(repr, answers))


def tokenize(
    pairs: PromptPairs,
    tokenizer: Tokenizer,
    *,
    prepend_bos: bool,
    n_ctx: int | None = None,
    needs_corrupted: bool = True,
    whole_answers: bool = False,
) -> TokenPairs:
    """Return prompt pairs as tokens, after checking that they can be patched and scored.

    The tokens are those of `TransformerBridge.to_tokens(text, prepend_bos=prepend_bos)`.

    Args:
        pairs: The texts.
        tokenizer: A Hugging Face tokenizer; a fast one where roles are given by characters.
        prepend_bos: Whether to put the BOS token before every prompt.
        n_ctx: Most tokens the model reads, BOS included; `None` for no limit.
        needs_corrupted: Whether every pair must have a corrupted prompt. The clean one stands in
            for one that is missing.
        whole_answers: Whether answers may be of several tokens; otherwise each must be one.

    Raises:
        PromptError: Pairs that do not line up token by token; answers that are not one token or,
            with `whole_answers`, begin with one another; roles outside the prompt; prompts that
            are too long; or no BOS token where one is asked for.
    """
    bos = bos_ids(tokenizer, prepend_bos)
    if needs_corrupted:
        check_has_corrupted(pairs)
    clean = encode(tokenizer, [pair.clean for pair in pairs])
    corrupted = encode(tokenizer, [pair.corrupted or pair.clean for pair in pairs])
    limits = {"bos": len(bos), "n_ctx": n_ctx, "unknown": unknown_id(tokenizer)}
    check_readable(pairs, clean, "clean", **limits)
    check_readable(pairs, corrupted, "corrupted", **limits)
    text_of = decoder(tokenizer)
    check_aligned(pairs, clean, corrupted, text_of)
    places = [
        {role: role_position(i, role, place, clean[i]) for role, place in pair.roles.items()}
        for i, pair in enumerate(pairs)
    ]
    first = tuple(map(text_of, bos))
    if whole_answers:
        answers = answer_continuations(pairs, tokenizer, clean, bos=len(bos), n_ctx=n_ctx)
    else:
        answers = answer_tokens(pairs, tokenizer, clean)
    return TokenPairs(
        pairs=pairs,
        groups=_groups(clean, corrupted, places, bos),
        answers=answers,
        prepend_bos=prepend_bos,
        strings=tuple(
            (
                first + token_strings(pair.clean, clean[i], text_of),
                first + token_strings(pair.corrupted or pair.clean, corrupted[i], text_of),
            )
            for i, pair in enumerate(pairs)
        ),
        roles=ordered_roles(places),
        buckets=buckets_of(pairs, clean, places, len(bos)),
    )


def _groups(
    clean: Sequence[Encoded],
    corrupted: Sequence[Encoded],
    places: Sequence[Mapping[str, int]],
    bos: tuple[int, ...],
) -> tuple[TokenGroup, ...]:
    groups = []
    for length in sorted({len(encoded) for encoded in clean}):
        members = tuple(i for i, encoded in enumerate(clean) if len(encoded) == length)
        roles = [role for role in places[members[0]] if all(role in places[i] for i in members)]
        groups.append(
            TokenGroup(
                members=members,
                clean=torch.tensor([bos + clean[i].ids for i in members]),
                corrupted=torch.tensor([bos + corrupted[i].ids for i in members]),
                roles={
                    role: torch.tensor([places[i][role] + len(bos) for i in members])
                    for role in roles
                },
            )
        )
    return tuple(groups)
