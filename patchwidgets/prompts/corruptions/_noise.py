"""What noise on token embeddings has in common: its size, its draws, and what it is measured on."""

import hashlib
import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from patchwidgets.errors import PromptError
from patchwidgets.prompts.corruptions._corruption import ActsOn
from patchwidgets.prompts.pairs import PromptPairs
from patchwidgets.prompts.tasks._task import Task
from patchwidgets.prompts.words import PLAIN_WORDS, Words
from patchwidgets.registry import one_of

OVER = ("noised", "subjects")
"""Whose embeddings say how large noise is."""

Embeddings = Float[np.ndarray, "tokens d_model"]


@dataclass(frozen=True)
class Noise:
    """Noise on the token embeddings of chosen words; the corrupted prompt has the clean tokens.

    The noised words are those that the task's token replacement replaces at the same corruption
    site, or the roles that `at` names. The wrong answers are those of the replacement.

    Args:
        k: Size, in standard deviations of embeddings.
        draws: How many times every prompt pair is noised, each time anew. Of the clean run there
            is one for all draws. Every patched run is made for each draw: when denoising the draws
            are base runs, and when noising they are what is patched in, so that no two have the
            same. Ten draws cost about ten times one.
        seed: Of the draws. A draw depends on it, on the text of the clean prompt and on its own
            number, and on nothing else: every patch and every sweep sees the same noise, and more
            prompt pairs or more draws leave the others as they were.
        over: Of which embeddings: `noised`, of the noised tokens of all prompt pairs, as they
            stand there; or `subjects`, of all subjects of our list of facts, each tokenized by
            itself and without the space before it, whatever the prompts are. The latter is the
            original code's way (`collect_embedding_std` of Meng et al. 2022, over known_1000),
            whose facts are others.

    Raises:
        PromptError: `k` is not above 0, or `draws` below 1.
        UnknownNameError: `over` is neither.
    """

    k: float | int = 3.0
    draws: int = 10
    seed: int = 0
    over: str = "noised"

    name: ClassVar[str]
    label: ClassVar[str]
    source: ClassVar[str]
    acts_on: ClassVar[ActsOn] = "embedding"

    def __post_init__(self) -> None:
        one_of("choice of embeddings", self.over, OVER)
        if not 0 < self.k < math.inf:
            raise PromptError(
                f"`k={self.k!r}` is no size of noise. Noise is `k` times the standard deviation of "
                "the token embeddings, and without any the corrupted run is the clean run, so that "
                "there is nothing to patch. Give a number above 0, such as `k=3.0`."
            )
        if self.draws < 1:
            raise PromptError(
                f"`draws={self.draws!r}` draws of noise were asked for. Every prompt pair is run "
                "with each draw, so there must be at least one, and ten show how much depends on "
                "the draw. Pass `draws=10`."
            )

    def pairs(
        self,
        task: Task,
        n: int,
        seed: int,
        *,
        at: str | None = None,
        words: Words = PLAIN_WORDS,
    ) -> PromptPairs:
        """Return the task's pairs: the tokens that differ are those that a site has noised."""
        site = at if at in task.sites else None
        return task.pairs(n, seed, at=site, words=words)

    def fit(self, embeddings: Embeddings) -> "FittedNoise":
        """Return this noise at the size that these embeddings give it.

        Args:
            embeddings: Those that `over` names: of every token, as often as it occurs.

        Raises:
            PromptError: The embeddings do not vary, so that noise of their size is zero.
        """
        sigma = float(np.std(embeddings.astype(np.float64), ddof=1))
        scale, basis = self._spread(embeddings.astype(np.float64), sigma)
        if not np.any(scale):
            raise no_size(self.name, len(embeddings))
        tokens, d_model = embeddings.shape
        return FittedNoise(self, sigma, tokens, d_model, scale, basis)

    def unit(self, chance: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        """Return independent numbers of mean 0 and variance 1."""
        return chance.standard_normal(shape)

    def _spread(
        self, embeddings: Embeddings, sigma: float
    ) -> tuple[Float[np.ndarray, " directions"], Float[np.ndarray, "d_model directions"] | None]:
        """Return standard deviations, and along which directions; `None` for the axes."""
        return np.full(embeddings.shape[1], self.k * sigma), None


@dataclass(frozen=True, eq=False)
class FittedNoise:
    """Noise whose size was measured, ready to be drawn.

    Args:
        noise: What kind.
        sigma: Standard deviation over all numbers of the embeddings it was measured on (ddof 1).
        tokens: How many embeddings those were.
        d_model: Their width.
        scale: Standard deviation of the noise along each direction.
        basis: The directions, as orthonormal columns; `None` for the axes of the embedding.
    """

    noise: Noise
    sigma: float
    tokens: int
    d_model: int
    scale: Float[np.ndarray, " directions"]
    basis: Float[np.ndarray, "d_model directions"] | None

    def settings(self) -> dict[str, Any]:
        """Return `k`, `draws` and `seed`, and what was measured: `sigma` on how many `tokens`."""
        return asdict(self.noise) | {"sigma": self.sigma, "tokens": self.tokens}

    def __str__(self) -> str:
        noise = self.noise
        return (
            f"{noise.name}: {noise.k:g} x {self.sigma:.3g}, {noise.draws} draws, seed {noise.seed}"
        )

    def draw(self, text: str, draw: int, tokens: int) -> Float[np.ndarray, "tokens d_model"]:
        """Return the noise of one draw on some tokens of the clean prompt `text`."""
        label = f"{self.noise.seed}|{draw}|{text}"
        digest = hashlib.sha256(label.encode()).digest()
        chance = np.random.default_rng(int.from_bytes(digest[:16], "big"))
        unit = self.noise.unit(chance, (tokens, self.d_model))
        along = unit if self.basis is None else unit @ self.basis
        drawn = along * self.scale
        return (drawn if self.basis is None else drawn @ self.basis.T).astype(np.float32)


def no_size(name: str, tokens: int) -> PromptError:
    """Return the error for embeddings that do not vary."""
    return PromptError(
        f"`{name}` is as large as the embeddings of the noised tokens vary, and those of these "
        f"{tokens} tokens do not vary, so that the noise would be zero. Use prompt pairs with "
        "different words there, or `gaussian_noise`, which needs only one."
    )
