"""Prompt pairs that hypothesis draws."""

from typing import Any

from hypothesis import strategies as st

from tests.families import WORDS

LETTERS = sorted({word for word in WORDS if word.isalpha()})


@st.composite
def pairs(draw: st.DrawFn) -> dict[str, Any]:
    """Draw prompt pairs of one or two lengths, which differ in some of their words."""
    lengths = draw(st.lists(st.integers(2, 9), min_size=1, max_size=2, unique=True))
    made: dict[str, list[str]] = {
        key: [] for key in ("clean", "corrupted", "answers", "wrong_answers")
    }
    changed = []
    for length in lengths:
        for _ in range(draw(st.integers(1, 3))):
            words = draw(st.lists(st.sampled_from(LETTERS), min_size=length, max_size=length))
            at = draw(st.sets(st.integers(0, length - 1), min_size=1, max_size=2))
            others = [
                draw(st.sampled_from([one for one in LETTERS if one != word]))
                if index in at
                else word
                for index, word in enumerate(words)
            ]
            right, wrong = draw(st.permutations(LETTERS))[:2]
            made["clean"].append(" ".join(words))
            made["corrupted"].append(" ".join(others))
            made["answers"].append(f" {right}")
            made["wrong_answers"].append(f" {wrong}")
            changed.append(max(at))
    return {**made, "roles": {"changed": changed}}
