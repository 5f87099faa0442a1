"""Finds the tokens of every answer, and refuses answers that a metric would misread."""

from collections.abc import Callable, Sequence

from patchwidgets.errors import PromptError
from patchwidgets.prompts._encoding import Encoded, Tokenizer, decoder, encode, unknown_id
from patchwidgets.prompts.answers import AnswerTokens, Continuations
from patchwidgets.prompts.pairs import PromptPairs

_QUOTES_AND_DASHES = "\"'`\u201c\u2018\u00ab-\u2013\u2014"
_Ids = tuple[int, ...]

_NO_SPACE_AFTER = frozenset("([{<" + _QUOTES_AND_DASHES + "/\\_@#$+*=")


def answer_tokens(
    pairs: PromptPairs, tokenizer: Tokenizer, prompts: Sequence[Encoded]
) -> AnswerTokens:
    """Return the token ids of all answers; `prompts` are the clean prompts, without BOS.

    Raises:
        PromptError: An answer of several tokens or of none, without its leading space, unknown to
            the tokenizer, or sharing its token with a wrong answer.
    """
    right, wrong = (
        [
            {ids[0]: answer for ids, answer in found.items()}
            for found in _ids(pairs, side, tokenizer, prompts, whole=False)
        ]
        for side in _SIDES
    )
    for i in range(len(pairs)):
        for token, answer in right[i].items():
            if token in wrong[i]:
                raise PromptError(
                    f"Answer {answer!r} and wrong answer {wrong[i][token]!r} of `pairs[{i}]` are "
                    f"the same token (id {token}). A metric cannot tell them apart, so their logit "
                    "difference would always be 0. Choose two words that are different tokens."
                )
    return AnswerTokens(right=tuple(map(tuple, right)), wrong=tuple(map(tuple, wrong)))


def answer_continuations(
    pairs: PromptPairs,
    tokenizer: Tokenizer,
    prompts: Sequence[Encoded],
    *,
    bos: int,
    n_ctx: int | None,
) -> Continuations:
    """Return the token ids of all answers, however many each has.

    Args:
        pairs: The texts.
        tokenizer: Theirs.
        prompts: The clean prompts, without BOS.
        bos: How many tokens go before every prompt.
        n_ctx: Most tokens the model reads; `None` for no limit.

    Raises:
        PromptError: An answer without tokens, without its leading space, unknown to the tokenizer,
            or too long for the model; or one with which another one begins.
    """
    right, wrong = (_ids(pairs, side, tokenizer, prompts, whole=True) for side in _SIDES)
    for i, (own, others) in enumerate(zip(right, wrong, strict=True)):
        _check_apart(i, [*own.items(), *others.items()])
        for ids, answer in (own | others).items():
            length = bos + len(prompts[i]) + len(ids) - 1
            if n_ctx is not None and length > n_ctx:
                raise PromptError(
                    f"The clean prompt of `pairs[{i}]` and all but the last token of its answer "
                    f"{answer!r} are {length} tokens; the model reads at most {n_ctx}. Every token "
                    "of an answer is read after those before it, so none can be cut off. Shorten "
                    "the prompt."
                )
    return Continuations(right=tuple(map(tuple, right)), wrong=tuple(map(tuple, wrong)))


def _check_apart(i: int, answers: Sequence[tuple[_Ids, str]]) -> None:
    for at, (ids, answer) in enumerate(answers):
        for other_at, (longer, other) in enumerate(answers):
            if at != other_at and longer[: len(ids)] == ids:
                raise PromptError(
                    f"{answer!r} and {other!r}, answers of `pairs[{i}]`, are the same tokens as "
                    "far as the first one goes. Where the longer one comes true the other does "
                    "too, so their probabilities cannot be added or compared. Leave one out, or "
                    "go on with the shorter one until they differ."
                )


_SIDES = ("Answer", "Wrong answer")


def _ids(
    pairs: PromptPairs,
    side: str,
    tokenizer: Tokenizer,
    prompts: Sequence[Encoded],
    *,
    whole: bool,
) -> list[dict[_Ids, str]]:
    """Return one mapping per pair, from token ids to the answer they stand for.

    Args:
        pairs: The texts.
        side: Which answers, in the words of messages.
        tokenizer: Theirs.
        prompts: The clean prompts, without BOS.
        whole: Whether an answer may be of several tokens.
    """
    sets = [pair.answers if side == "Answer" else pair.wrong_answers for pair in pairs]
    asked = [(i, answer) for i, answers in enumerate(sets) for answer in answers]
    found = _continuations(tokenizer, pairs, prompts, asked)
    suspects = [(i, answer) for i, answer in asked if _may_lack_space(pairs[i].clean, answer)]
    spaced = [(i, " " + answer) for i, answer in suspects]
    with_space = dict(zip(suspects, _continuations(tokenizer, pairs, prompts, spaced), strict=True))
    text_of, unknown = decoder(tokenizer), unknown_id(tokenizer)
    tokens: list[dict[_Ids, str]] = [{} for _ in pairs]
    for (i, answer), ids in zip(asked, found, strict=True):
        who = f"{side} {answer!r} of `pairs[{i}]`"
        better = with_space.get((i, answer), ids)
        known = unknown not in better and (whole or len(better) == 1)
        if better != ids and known:
            raise _lacks_space(who, pairs[i].clean, answer)
        _check_count(who, ids, text_of, whole=whole)
        if unknown in ids:
            raise PromptError(
                f"{who} is not in the tokenizer's vocabulary. The model has no logit for it, so "
                "no metric can read it. Choose a word the model knows."
            )
        tokens[i][ids] = answer
    return tokens


def _check_count(who: str, ids: _Ids, text_of: Callable[[int], str], *, whole: bool) -> None:
    if whole and not ids:
        raise PromptError(
            f"{who} is no token at all. An answer is what the model writes next, so it needs at "
            "least one. Give a text that the tokenizer does not leave out."
        )
    if not whole and len(ids) != 1:
        raise _not_one_token(who, [text_of(token) for token in ids])


def _continuations(
    tokenizer: Tokenizer,
    pairs: PromptPairs,
    prompts: Sequence[Encoded],
    asked: Sequence[tuple[int, str]],
) -> list[tuple[int, ...]]:
    """Return the tokens each answer adds after its prompt.

    Where prompt and answer melt into one token, the tokens of the answer alone.
    """
    joined = encode(tokenizer, [pairs[i].clean + answer for i, answer in asked])
    alone = encode(tokenizer, [answer for _, answer in asked])
    return [
        whole.ids[len(prompts[i]) :] if whole.ids[: len(prompts[i])] == prompts[i].ids else own.ids
        for (i, _), whole, own in zip(asked, joined, alone, strict=True)
    ]


def _may_lack_space(prompt: str, answer: str) -> bool:
    cased = answer[0].lower() != answer[0].upper()
    return cased and not prompt[-1:].isspace() and prompt[-1:] not in _NO_SPACE_AFTER


def _lacks_space(who: str, prompt: str, answer: str) -> PromptError:
    last = prompt.split()[-1]
    return PromptError(
        f"{who} has no leading space. After a prompt that ends in {last!r} the next word begins "
        f'with a space, and " {answer}" is another token than "{answer}". Write `" {answer}"`.'
    )


def _not_one_token(who: str, parts: list[str]) -> PromptError:
    listed = ", ".join(map(repr, parts)) or "none"
    return PromptError(
        f"{who} is {len(parts)} tokens: {listed}. An answer must be exactly one token, because a "
        "metric reads the one token after the prompt. Choose another word, put the first part of "
        "the answer at the end of both prompts, or measure whole answers with "
        "`metric='continuation_diff'` alone."
    )
