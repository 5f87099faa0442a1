"""Uniform noise: of the same size as Gaussian noise, without its rare large values."""

import math
from typing import ClassVar

import numpy as np

from patchwidgets.prompts.corruptions._noise import Noise

__all__ = ["uniform_noise"]


class UniformNoise(Noise):
    """Adds independent noise, uniform between -w and w, to every number of an embedding.

    w is sqrt(3) x k x the standard deviation that `gaussian_noise` uses, so that both have the
    same standard deviation and only the shape differs.

    Differs from the original code: it is given w itself, in units of the embedding.

    Source: Meng et al. 2022 (ROME), arXiv 2202.05262, its code's noise of kind `u`.
    """

    name: ClassVar[str] = "uniform_noise"
    label: ClassVar[str] = "Uniform noise"
    source: ClassVar[str] = "Meng et al. 2022, arXiv 2202.05262, code"

    def unit(self, chance: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        """Return independent numbers of mean 0 and variance 1, uniformly distributed."""
        return chance.uniform(-math.sqrt(3), math.sqrt(3), shape)


uniform_noise = UniformNoise()
