"""What a user typed for `PromptPairs`, read into one value per pair."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard

from patchwidgets.errors import PromptError

_ROLE_NAME = re.compile(r"(?=.*[^\W\d_])[\w+\-]+")


def listed(name: str, column: Iterable[Any] | None) -> list[Any]:
    """Return the column as a list; `name` is its argument, for messages."""
    if column is None:
        raise PromptError(
            f"`{name}` is missing. A prompt pair is a clean prompt, a corrupted prompt, an answer "
            f"and a wrong answer. Add `{name}=[...]` with one entry per pair."
        )
    if isinstance(column, str):
        raise PromptError(
            f"`{name}` is one text, {column!r}. A list with one entry per pair is needed, because "
            f"results are kept per pair. Write `{name}=[{column!r}]`."
        )
    return _entries(column)


def _entries(column: Iterable[Any]) -> list[Any]:
    tolist = getattr(column, "tolist", None)
    return list(tolist() if tolist else column)


def same_length(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return the columns when all have one entry per pair."""
    if len({len(column) for column in columns.values()}) > 1:
        counts = ", ".join(f"`{name}` {len(column)}" for name, column in columns.items())
        raise PromptError(
            f"The lists have different numbers of entries: {counts}. Entry i of each makes pair i, "
            "so all must be equally long. Add or drop the entries without a partner."
        )
    return columns


def check_texts(name: str, column: Sequence[object]) -> None:
    """Raise unless every entry is text."""
    for i, text in enumerate(column):
        if not isinstance(text, str):
            raise PromptError(
                f"`{name}[{i}]` is {text!r}, of type `{type(text).__name__}`. Text is needed, "
                "because the tokenizer of the model reads it. Write it as a string in quotes."
            )


def answer_set(name: str, i: int, given: object) -> tuple[str, ...]:
    """Return one entry of `answers` or `wrong_answers` as a set of texts."""
    texts = (given,) if isinstance(given, str) else given
    if not isinstance(texts, Sequence) or not texts or not all(_is_word(text) for text in texts):
        raise PromptError(
            f"`{name}[{i}]` is {given!r}. An answer is a text such as ' Mary', or a list of texts "
            "that all count, because a metric reads the logits of their tokens. Write "
            f"`{name}=[' Mary', ...]`."
        )
    return tuple(texts)


def _is_word(text: object) -> bool:
    return isinstance(text, str) and text != ""


def repeated(name: str, value: object, count: int) -> list[Any]:
    """Return one value per pair: a list as it is, anything else for every pair."""
    if isinstance(value, str | tuple) or not isinstance(value, Iterable):
        return [value] * count
    column = _entries(value)
    if len(column) != count:
        raise PromptError(
            f"`{name}` has length {len(column)}, and there are {count} pairs. A list gives one "
            "entry per pair; a single value holds for all. Give as many entries as pairs, or one "
            "value."
        )
    return column


def role_columns(
    roles: Mapping[str, Any], prompts: Sequence[str]
) -> dict[str, list[int | tuple[int, int]]]:
    """Return the place of each role in each clean prompt."""
    if not isinstance(roles, Mapping):
        raise PromptError(
            f"`roles` is {roles!r}, and a role needs a name and a place. Write "
            "`roles={'subject': -3}`, with a token position, or a text that occurs once in the "
            "prompt."
        )
    placed = {}
    for role, given in roles.items():
        if not _ROLE_NAME.fullmatch(role):
            raise PromptError(
                f"Role {role!r} cannot be part of a node's name such as `L9H6@S2`. A role is made "
                "of letters, digits, `_`, `+` and `-`, with at least one letter. Rename it."
            )
        column = repeated(f"roles[{role!r}]", given, len(prompts))
        placed[role] = [
            _place(role, value, prompt, i)
            for i, (value, prompt) in enumerate(zip(column, prompts, strict=True))
        ]
    return placed


def _place(role: str, value: object, prompt: str, i: int) -> int | tuple[int, int]:
    if isinstance(value, str):
        return _only_span(role, value, prompt, i)
    if _is_whole(value):
        return value
    if isinstance(value, tuple) and len(value) == 2 and all(map(_is_whole, value)):
        start, end = value
        if 0 <= start < end <= len(prompt):
            return start, end
    raise PromptError(
        f"Role `{role}` of pair {i} is {value!r}. A role is a token position such as -3, a span "
        f"`(start, end)` with 0 <= start < end <= {len(prompt)} of characters in the clean "
        "prompt, or a text that occurs once in it. Write one of the three."
    )


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _only_span(role: str, text: str, prompt: str, i: int) -> tuple[int, int]:
    starts = [match.start() for match in re.finditer(f"(?={re.escape(text)})", prompt)]
    if len(starts) == 1 and text:
        return starts[0], starts[0] + len(text)
    if not text or not starts:
        raise PromptError(
            f"Role `{role}` of pair {i} is {text!r}, which does not occur in the clean prompt "
            f"{prompt!r}. A role names a place in that prompt. Use a text that occurs in it, or a "
            "token position such as -3."
        )
    spans = [(start, start + len(text)) for start in starts]
    raise PromptError(
        f"Role `{role}` of pair {i} is {text!r}, which occurs {len(spans)} times in the clean "
        "prompt. A role is one place, so the text does not say which is meant. Give the span of "
        f"characters: `{spans[0]}` is the first, `{spans[-1]}` the last."
    )


def indices(chosen: Iterable[Any], count: int) -> list[int]:
    """Return the indices meant by a list of indices, or by a mask with one bool per pair."""
    entries = _entries(chosen)
    if not any(isinstance(entry, bool) for entry in entries):
        return entries
    if len(entries) != count:
        raise PromptError(
            f"The mask has length {len(entries)}, and there are {count} pairs. A mask says yes or "
            "no for every pair. Give one bool per pair, or a list of indices."
        )
    return [i for i, wanted in enumerate(entries) if wanted]
