"""Symmetric token replacement: the corrupted prompt is another prompt of the same kind."""

from dataclasses import dataclass
from typing import ClassVar

from patchwidgets.prompts.corruptions._replacement import Replacement

__all__ = ["token_replacement"]


@dataclass(frozen=True)
class TokenReplacement(Replacement):
    """Replaces key words by words of the same kind and as many tokens.

    Both prompts are ordinary text, so the corrupted run stays inside what the model knows. The
    task says which words those are, at each of its corruption sites.

    Source: Zhang & Nanda 2023, arXiv 2309.16042, section 2.1 (STR), recommended in section 6.
    """

    name: ClassVar[str] = "token_replacement"
    label: ClassVar[str] = "Symmetric token replacement"
    source: ClassVar[str] = "Zhang & Nanda 2023, arXiv 2309.16042, section 2.1"


token_replacement = TokenReplacement()
