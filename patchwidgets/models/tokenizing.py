"""Prompt pairs as the tokens that a model is run on."""

from patchwidgets.models.bridge import LensModel
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tokens import TokenPairs, tokenize


def tokens_for(
    model: LensModel,
    pairs: PromptPairs,
    *,
    prepend_bos: bool,
    needs_corrupted: bool = True,
    whole_answers: bool = False,
) -> TokenPairs:
    """Return prompt pairs as tokens of a model, none longer than it reads.

    The arguments, and what is raised, are those of `tokenize`.
    """
    return tokenize(
        pairs,
        model.tokenizer,
        prepend_bos=prepend_bos,
        n_ctx=model.spec.n_ctx,
        needs_corrupted=needs_corrupted,
        whole_answers=whole_answers,
    )
