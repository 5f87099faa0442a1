"""Matched noise: normal noise that varies as the embeddings of such words do."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from patchwidgets.prompts.corruptions._noise import Embeddings, Noise

__all__ = ["matched_noise"]


@dataclass(frozen=True)
class MatchedNoise(Noise):
    """Adds normal noise whose covariance is k squared times that of the noised embeddings.

    The covariance is that of the different tokens that are noised in the prompt pairs, each
    counted once. So the noise moves an embedding along the directions in which such words differ,
    and not along others: with few different words those directions are few.

    Differs from the original code: its covariance is that of all words of a large text, and it
    adds their mean to the noise.

    Source: Meng et al. 2022 (ROME), arXiv 2202.05262, its code's noise of kind `m`.
    """

    k: float | int = 1.0

    name: ClassVar[str] = "matched_noise"
    label: ClassVar[str] = "Noise of matched covariance"
    source: ClassVar[str] = "Meng et al. 2022, arXiv 2202.05262, code"

    def _spread(
        self, embeddings: Embeddings, sigma: float
    ) -> tuple[Float[np.ndarray, " directions"], Float[np.ndarray, "d_model directions"] | None]:
        different = np.unique(embeddings, axis=0)
        if len(different) < 2:
            return np.zeros(1), np.zeros((embeddings.shape[1], 1))
        centred = different - different.mean(0)
        _, singular, directions = np.linalg.svd(centred, full_matrices=False)
        return self.k * singular / np.sqrt(len(different) - 1), directions.T


matched_noise = MatchedNoise()
