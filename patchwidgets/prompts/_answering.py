"""Finds the token of every answer, and refuses answers that a metric would misread."""

from collections.abc import Sequence

from patchwidgets.errors import PromptError
from patchwidgets.prompts._encoding import Encoded, Tokenizer, decoder, encode, unknown_id
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.prompts.pairs import PromptPairs

_QUOTES_AND_DASHES = "\"'`\u201c\u2018\u00ab-\u2013\u2014"
_NO_SPACE_AFTER = frozenset("([{<" + _QUOTES_AND_DASHES + "/\\_@#$+*=")


def answer_tokens(
    pairs: PromptPairs, tokenizer: Tokenizer, prompts: Sequence[Encoded]
) -> AnswerTokens:
    """Return the token ids of all answers; `prompts` are the clean prompts, without BOS.

    Raises:
        PromptError: An answer of several tokens, without its leading space, unknown to the
            tokenizer, or sharing its token with a wrong answer.
    """
    right = _ids(pairs, [pair.answers for pair in pairs], tokenizer, prompts, "Answer")
    wrong = _ids(pairs, [pair.wrong_answers for pair in pairs], tokenizer, prompts, "Wrong answer")
    for i in range(len(pairs)):
        for token, answer in right[i].items():
            if token in wrong[i]:
                raise PromptError(
                    f"Answer {answer!r} and wrong answer {wrong[i][token]!r} of `pairs[{i}]` are "
                    f"the same token (id {token}). A metric cannot tell them apart, so their logit "
                    "difference would always be 0. Choose two words that are different tokens."
                )
    return AnswerTokens(right=tuple(map(tuple, right)), wrong=tuple(map(tuple, wrong)))


def _ids(
    pairs: PromptPairs,
    sets: Sequence[tuple[str, ...]],
    tokenizer: Tokenizer,
    prompts: Sequence[Encoded],
    side: str,
) -> list[dict[int, str]]:
    """Return one mapping per pair, from token id to the answer it stands for."""
    asked = [(i, answer) for i, answers in enumerate(sets) for answer in answers]
    found = _continuations(tokenizer, pairs, prompts, asked)
    suspects = [(i, answer) for i, answer in asked if _may_lack_space(pairs[i].clean, answer)]
    spaced = [(i, " " + answer) for i, answer in suspects]
    with_space = dict(zip(suspects, _continuations(tokenizer, pairs, prompts, spaced), strict=True))
    text_of, unknown = decoder(tokenizer), unknown_id(tokenizer)
    tokens: list[dict[int, str]] = [{} for _ in pairs]
    for (i, answer), ids in zip(asked, found, strict=True):
        who = f"{side} {answer!r} of `pairs[{i}]`"
        better = with_space.get((i, answer), ids)
        if len(better) == 1 and better != ids and better[0] != unknown:
            raise _lacks_space(who, pairs[i].clean, answer)
        if len(ids) != 1:
            raise _not_one_token(who, [text_of(token) for token in ids])
        if ids[0] == unknown:
            raise PromptError(
                f"{who} is not in the tokenizer's vocabulary. The model has no logit for it, so "
                "no metric can read it. Choose a word the model knows."
            )
        tokens[i][ids[0]] = answer
    return tokens


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
        "metric reads the one token after the prompt. Choose another word, or put the first part "
        "of the answer at the end of both prompts."
    )
