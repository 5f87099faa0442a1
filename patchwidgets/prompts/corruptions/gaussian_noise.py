"""Gaussian noise: the embeddings of key words are made unreadable."""

from typing import ClassVar

from patchwidgets.prompts.corruptions._noise import Noise

__all__ = ["gaussian_noise"]


class GaussianNoise(Noise):
    """Adds independent normal noise of `k` standard deviations to every number of an embedding.

    The standard deviation is one number: over all entries of the embeddings of the noised tokens
    of all prompt pairs, as TransformerLens' `embed.hook_out` gives them, before positions are
    added; or, with `over="subjects"`, of the subjects of a list of facts. The corrupted run is not
    ordinary text, so prefer `token_replacement` where it can be.

    Differs from the original code: it measures the standard deviation over the subjects of
    known_1000, each by itself, without the leading space the word has in the prompt, which is
    `over="subjects"` here, on our own facts; and it gives all prompts the same noise, where here
    each prompt has its own.

    Source: Meng et al. 2022 (ROME), arXiv 2202.05262, appendix B; Zhang & Nanda 2023, arXiv
        2309.16042, section 2.1 (GN), which prefers replacement.
    """

    name: ClassVar[str] = "gaussian_noise"
    label: ClassVar[str] = "Gaussian noise"
    source: ClassVar[str] = "Meng et al. 2022, arXiv 2202.05262, appendix B"


gaussian_noise = GaussianNoise()
