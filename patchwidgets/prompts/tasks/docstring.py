"""Docstring: which argument is described next?"""

import random
import re
from collections.abc import Iterable, Mapping, Sequence

from patchwidgets.prompts.pairs import PromptPair, PromptPairs
from patchwidgets.prompts.shares import Share
from patchwidgets.prompts.tasks._code_words import IDENTIFIERS, NOUNS
from patchwidgets.prompts.tasks._drawing import (
    checked_count,
    chosen_templates,
    enough,
    share,
    single,
    singles,
    site_or_default,
)
from patchwidgets.prompts.tasks._redrawing import rewritten
from patchwidgets.prompts.words import PLAIN_WORDS, Words

__all__ = ["docstring"]

_TEMPLATES = {
    "three of six": "\ndef [F](self, [X1], [X2], [A_def], [B_def], [C_def], [X3]):\n"
    '    """[D1] [D2] [D3]\n\n'
    "    :param [A_doc]: [D4] [D5]\n"
    "    :param [B_doc]: [D6] [D7]\n"
    "    :param",
    "three of three": "\ndef [F](self, [A_def], [B_def], [C_def]):\n"
    '    """[D1] [D2] [D3]\n\n'
    "    :param [A_doc]: [D4] [D5]\n"
    "    :param [B_doc]: [D6] [D7]\n"
    "    :param",
}
_ROLES = ("A_def", "B_def", "C_def", "A_doc", "B_doc")
_ARGUMENTS = ("A", "B", "C", "X1", "X2", "X3")
_NEW = ("U", "V")
_DESCRIPTIONS = tuple(f"D{k}" for k in range(1, 8))

# The argument names that stand at some roles of the corrupted prompt, as slots of the same draw.
_CORRUPTED: Mapping[str, Mapping[str, str]] = {
    "C_def": {"C_def": "U"},
    "A_def+B_def": {"A_def": "U", "B_def": "V"},
    "A_doc+B_doc": {"A_doc": "U", "B_doc": "V"},
}


class _Docstring:
    """The next argument in the description of a function.

    After ":param A: ..." and ":param B: ..." of a function with arguments A, B and C comes
    ":param C". Wrong answers are the other arguments of the function.

    Differs from the paper: our own words, and the wrong answers are those in the prompt, of which
    `logit_diff` takes the mean and not the largest logit; words that are in no prompt are none.

    Source: Heimersheim & Janiak 2023, A circuit for Python docstrings in a 4-layer attention-only
        transformer, Alignment Forum; corruption sites after Conmy et al. 2023, arXiv 2304.14997,
        and Zhang & Nanda 2023, arXiv 2309.16042, appendix D (`C_def`).
    """

    name = "docstring"
    title = "Docstring"
    citation = "Heimersheim & Janiak 2023, Alignment Forum; Conmy et al. 2023, arXiv 2304.14997"
    default_metric = "logit_diff"
    sites: Mapping[str, str] = {
        "C_def": "The argument that is to be described next becomes a new name.",
        "A_def+B_def": "The two arguments before it become new names where they are defined.",
        "A_doc+B_doc": "The two arguments that are described become new names there.",
    }
    default_site = "C_def"
    symmetric = frozenset()
    redrawable = frozenset(_CORRUPTED)
    roles = (*_ROLES, "END")

    def usable(self, words: Words) -> Mapping[str, Share]:
        """Return how many names of arguments and nouns are single tokens."""
        names, nouns = _fitting(words)
        return {"names": share(names, IDENTIFIERS), "nouns": share(nouns, NOUNS)}

    def pairs(
        self,
        n: int,
        seed: int,
        *,
        at: str | None = None,
        words: Words = PLAIN_WORDS,
        templates: Sequence[str] | None = None,
    ) -> PromptPairs:
        """Return `n` prompt pairs.

        Args:
            n: How many, from 1.
            seed: Any whole number. A smaller `n` gives the beginning of a larger one.
            at: `C_def` (the default), `A_def+B_def` or `A_doc+B_doc`; the clean prompts are the
                same for all.
            words: What the tokenizer makes of words.
            templates: `three of six` (the paper's) or `three of three`; `None` for the paper's.

        Raises:
            PromptError: Too few words are single tokens, or `n` below 1.
            UnknownNameError: No such corruption site or template.
        """
        site = site_or_default(self, at)
        asked = ["three of six"] if templates is None else templates
        labels = list(chosen_templates(_TEMPLATES, asked))
        names, nouns = _fitting(words)
        draw = random.Random(seed)
        return PromptPairs.of(
            _pair(site, labels[i % len(labels)], _fill(draw, names, nouns))
            for i in range(checked_count(n))
        )

    def redrawn(
        self, pairs: PromptPairs, chances: Sequence[random.Random], *, at: str, words: Words
    ) -> Iterable[PromptPair]:
        """Return the pairs with other new names in their corrupted prompts."""
        names, _ = _fitting(words)
        for pair, chance in zip(pairs, chances, strict=True):
            known = set(re.findall(r"\w+", pair.clean))
            roles = list(_CORRUPTED[at])
            new = chance.sample([name for name in names if name not in known], len(roles))
            yield rewritten(pair, dict(zip(roles, new, strict=True)))


docstring = _Docstring()


def _fitting(words: Words) -> tuple[list[str], list[str]]:
    slots = len(_ARGUMENTS) + len(_NEW) + 1
    names = singles("names of arguments", IDENTIFIERS, slots, words)
    nouns = [noun for noun in NOUNS if single(words, noun) and words.split(f'"""{noun}')]
    return names, enough("nouns", nouns, NOUNS, len(_DESCRIPTIONS), "single tokens")


def _fill(draw: random.Random, names: Sequence[str], nouns: Sequence[str]) -> dict[str, str]:
    """Draw a name for every argument, the function and two new ones, and the descriptions."""
    slots = (*_ARGUMENTS, *_NEW, "F")
    described = draw.sample(nouns, len(_DESCRIPTIONS))
    drawn = draw.sample(names, len(slots))
    return dict(zip((*slots, *_DESCRIPTIONS), (*drawn, *described), strict=True))


def _pair(site: str, label: str, filled: Mapping[str, str]) -> PromptPair:
    template = _TEMPLATES[label]
    clean, spans = _write(template, filled, {})
    others = [slot for slot in _ARGUMENTS if f"[{slot}" in template and slot != "C"]
    return PromptPair(
        clean=clean,
        corrupted=_write(template, filled, _CORRUPTED[site])[0],
        answers=(" " + filled["C"],),
        wrong_answers=tuple(" " + filled[slot] for slot in others),
        roles=spans,
        group=label,
    )


def _write(
    template: str, filled: Mapping[str, str], replaced: Mapping[str, str]
) -> tuple[str, dict[str, tuple[int, int]]]:
    """Fill the template; `replaced` are the slots whose words stand at some of the roles."""
    text, spans = "", {}
    for piece in template.split("["):
        slot, bracket, rest = piece.partition("]")
        if not bracket:
            text += piece
            continue
        word = filled[replaced.get(slot, slot.split("_")[0])]
        if slot in _ROLES:
            spans[slot] = (len(text), len(text) + len(word))
        text += word + rest
    return text, spans
