"""Checks that clean and corrupted prompts line up token by token, and finds the roles in them."""

from collections.abc import Callable, Sequence

from patchwidgets.errors import PromptError
from patchwidgets.prompts._encoding import Encoded
from patchwidgets.prompts.pairs import END, PromptPairs, Role


def check_has_corrupted(pairs: PromptPairs) -> None:
    """Raise unless every pair has a corrupted prompt.

    Raises:
        PromptError: One has none.
    """
    missing = [i for i, pair in enumerate(pairs) if not pair.corrupted]
    if missing:
        raise PromptError(
            f"`pairs[{missing[0]}]` has no corrupted prompt. Token replacement patches between the "
            "runs of two prompts. Add `corrupted=[...]` with one entry per pair, or corrupt the "
            "clean prompts by noise on a role: `pw.Study(model, pairs, "
            "corruption='gaussian_noise', at='subject')`."
        )


def check_aligned(
    pairs: PromptPairs,
    clean: Sequence[Encoded],
    corrupted: Sequence[Encoded],
    text_of: Callable[[int], str],
) -> None:
    """Raise unless every pair has equally many tokens, and at least one that differs.

    A pair without a corrupted prompt may have none.

    Raises:
        PromptError: Different token counts, or the same tokens.
    """
    unequal = [i for i, (a, b) in enumerate(zip(clean, corrupted, strict=True)) if len(a) != len(b)]
    if unequal:
        i, others = unequal[0], len(unequal) - 1
        more = f" ({others} more pair{'s' * (others > 1)} like this)" if others else ""
        here, there = _differing(clean[i].ids, corrupted[i].ids)
        raise PromptError(
            f"`pairs[{i}]` has {len(clean[i])} tokens clean and {len(corrupted[i])} corrupted"
            f"{more}: {_listed(here, text_of)} became {_listed(there, text_of)}. Patching by "
            "position needs equal lengths, because one position would mean two different words. "
            "Replace each word by one of as many tokens."
        )
    for i, (a, b) in enumerate(zip(clean, corrupted, strict=True)):
        if a.ids == b.ids and pairs[i].corrupted:
            raise PromptError(
                f"`pairs[{i}]` has the same tokens clean and corrupted, although the texts differ. "
                "With no difference between the runs there is nothing to patch. Replace a word by "
                "one that the tokenizer tells apart from it."
            )


def _differing(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what is left of each when what they share at both ends is cut off."""
    shortest = min(len(a), len(b))
    start = next((at for at in range(shortest) if a[at] != b[at]), shortest)
    room = range(shortest - start)
    end = next((at for at in room if a[-1 - at] != b[-1 - at]), len(room))
    return a[start : len(a) - end], b[start : len(b) - end]


def _listed(ids: Sequence[int], text_of: Callable[[int], str]) -> str:
    shown = ", ".join(repr(text_of(token)) for token in ids[:3]) or "nothing"
    return shown + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")


def check_readable(
    pairs: PromptPairs,
    prompts: Sequence[Encoded],
    side: str,
    *,
    bos: int,
    n_ctx: int | None,
    unknown: int | None,
) -> None:
    """Raise unless the model can read every prompt; `bos` is how many tokens go before it.

    Raises:
        PromptError: A prompt longer than the context, or with a word the tokenizer does not know.
    """
    for i, encoded in enumerate(prompts):
        length = len(encoded) + bos
        if n_ctx is not None and length > n_ctx:
            raise PromptError(
                f"The {side} prompt of `pairs[{i}]` has {length} tokens; the model reads at most "
                f"{n_ctx}. The answer is read after the last token, so none can be cut off. "
                "Shorten the prompt."
            )
        if unknown in encoded.ids:
            raise PromptError(
                f"The {side} prompt of `pairs[{i}]` has a word that the tokenizer does not know"
                f"{_unknown_word(getattr(pairs[i], side), encoded, unknown)}. The model would see "
                "an empty mark in its place. Use a word of the model's vocabulary."
            )


def _unknown_word(text: str, encoded: Encoded, unknown: int | None) -> str:
    if encoded.offsets is None or unknown is None:
        return ""
    start, end = encoded.offsets[encoded.ids.index(unknown)]
    return f": {text[start:end].strip()!r}"


def role_position(i: int, role: str, place: Role, prompt: Encoded) -> int:
    """Return the position of a role in `prompt`, counted without BOS; `i` is for messages.

    A span of characters is at the last token that overlaps it, where the model has read it all.

    Raises:
        PromptError: A position outside the prompt, a span without a token, or a tokenizer that
            does not say which characters a token covers.
    """
    count = len(prompt)
    if isinstance(place, int):
        if not -count <= place < count:
            raise PromptError(
                f"Role `{role}` of `pairs[{i}]` is at token {place}, and the prompt has {count} "
                f"tokens. Positions run from 0 to {count - 1}, or from -{count} to -1, without "
                "the BOS token. Give a position in that range, or the text of the role."
            )
        return place % count
    if prompt.offsets is None:
        raise PromptError(
            f"Role `{role}` of `pairs[{i}]` is given by its characters, and this tokenizer does "
            "not say which characters a token covers, because it is a slow one. Give the role as a "
            f"token position, such as `roles={{{role!r}: -3}}`, or load a fast tokenizer."
        )
    covering = prompt.overlapping(place)
    if not covering:
        raise PromptError(
            f"Role `{role}` of `pairs[{i}]` covers the characters {place} of the clean prompt, "
            "where there is no token. A role needs a token, because its position is patched. Let "
            "the span cover a word."
        )
    return covering[-1]


def ordered_roles(columns: Sequence[dict[str, int]]) -> tuple[str, ...]:
    """Return the roles that every prompt has, by their mean position, `END` last."""
    shared = [role for role in columns[0] if all(role in column for column in columns)]
    mean = {role: sum(column[role] for column in columns) / len(columns) for role in shared}
    return tuple(sorted(shared, key=lambda role: (role == END, mean[role])))
