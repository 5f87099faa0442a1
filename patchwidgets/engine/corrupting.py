"""From prompt pairs to tokens, with the noise on their embeddings if that corrupts them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from patchwidgets.errors import PromptError
from patchwidgets.metrics import ContinuationMetric, Metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.tokenizing import tokens_for
from patchwidgets.prompts._encoding import encode
from patchwidgets.prompts.corruptions._noise import Embeddings, FittedNoise, Noise
from patchwidgets.prompts.noise import Places, places_of, with_noise
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.redrawing import with_redrawn
from patchwidgets.prompts.tasks._facts import FACTS
from patchwidgets.prompts.tokens import TokenPairs


@dataclass(frozen=True)
class Noising:
    """Noise instead of other words in the corrupted prompts.

    Args:
        noise: What kind, and how large.
        roles: Roles that are noised, several joined by `+`; `None` for the tokens that the
            corrupted prompt would have replaced.
        sites: Corruption sites of the task, for messages.
    """

    noise: Noise
    roles: str | None
    sites: tuple[str, ...] = ()


def reads_whole(metrics: Sequence[Metric]) -> bool:
    """Whether every metric reads whole answers, so that they may be of several tokens."""
    return all(isinstance(metric, ContinuationMetric) for metric in metrics)


def tokens_of(
    model: LensModel,
    pairs: PromptPairs,
    prepend_bos: bool,
    noising: Noising | None,
    metrics: Sequence[Metric],
    fitted: FittedNoise | None = None,
    redrawn: Sequence[PromptPairs] = (),
) -> TokenPairs:
    """Return prompt pairs as tokens of a model, noised if that is how they are corrupted.

    Args:
        model: Gives the tokenizer, and the embeddings that noise is measured on.
        pairs: The texts.
        prepend_bos: Whether to put the BOS token before every prompt.
        noising: `None` where the corrupted prompts are texts.
        metrics: What is read: answers may be of several tokens if every metric reads whole answers.
        fitted: Noise of a size that was measured on other pairs; on these if `None`.
        redrawn: The same pairs with other corrupted prompts, which are measured too.

    Raises:
        PromptError: As in `tokenize`; or the noise has no tokens, or no size.
        UnknownNameError: No prompt has a role that noise was asked for.
    """
    prompts, *others = (
        tokens_for(
            model,
            some,
            prepend_bos=prepend_bos,
            needs_corrupted=noising is None,
            whole_answers=reads_whole(metrics),
        )
        for some in (pairs, *redrawn)
    )
    if noising is None:
        return with_redrawn(prompts, others)
    places = places_of(prompts, model.tokenizer, noising.roles, noising.sites)
    if fitted is None:
        fitted = noising.noise.fit(_embeddings_over(noising.noise.over, model, prompts, places))
    return with_noise(prompts, places, fitted)


def fitting(
    model: LensModel,
    pairs: PromptPairs,
    prepend_bos: bool,
    roles: str | None,
    metrics: Sequence[Metric],
    noises: Sequence[Noise],
) -> list[str]:
    """Return the names of the kinds of noise that have a size on these prompt pairs.

    Raises:
        PromptError: As in `tokens_of`, where no kind of noise can be added.
        UnknownNameError: No prompt has a role that noise was asked for.
    """
    prompts = tokens_for(
        model,
        pairs,
        prepend_bos=prepend_bos,
        needs_corrupted=False,
        whole_answers=reads_whole(metrics),
    )
    embeddings = _embeddings_at(model, prompts, places_of(prompts, model.tokenizer, roles))
    return [noise.name for noise in noises if _fits(noise, embeddings)]


def _fits(noise: Noise, embeddings: Embeddings) -> bool:
    try:
        noise.fit(embeddings)
    except PromptError:
        return False
    return True


def _embeddings_over(
    over: str, model: LensModel, prompts: TokenPairs, places: Places
) -> Embeddings:
    """Return the embeddings that say how large noise is."""
    if over == "noised":
        return _embeddings_at(model, prompts, places)
    encoded = encode(model.tokenizer, [fact.subject for fact in FACTS])
    return _embeddings(model, [token for one in encoded for token in one.ids])


def _embeddings(model: LensModel, tokens: Sequence[int] | torch.Tensor) -> Embeddings:
    with torch.no_grad():
        return model.embed(torch.as_tensor(tokens)[None])[0].double().cpu().numpy()


def _embeddings_at(model: LensModel, prompts: TokenPairs, places: Places) -> Embeddings:
    """Return the embeddings of the noised tokens of every prompt pair, as often as they occur."""
    noised = [
        group.clean[row, list(places[pair])]
        for group in prompts.groups
        for row, pair in enumerate(group.members)
    ]
    return _embeddings(model, torch.cat(noised))
