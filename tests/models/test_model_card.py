"""The model card of mini quotes what `python -m tests.mini_circuits` prints."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from patchwidgets.models.mini import bundled

CARD = (Path(bundled.__file__).parent / "MODEL_CARD.md").read_text(encoding="utf-8")
PROSE, QUOTED = CARD.split("## What its heads do")[1].split("```")[:2]

NAMED = re.compile(r"(L\d+(?:H\d+|\.mlp_out)|embed) ([+-]\d+\.\d+)")
NUMBER = re.compile(r"[+-]?\d+\.\d+")


def numbers(line):
    """Return the numbers of a line by node, or by place where it names none.

    Nodes are in order of size, which rounding may turn around, so that their order is not kept.
    """
    named = {name: float(value) for name, value in NAMED.findall(line)}
    return named or dict(enumerate(map(float, NUMBER.findall(line))))


def words(line):
    """Return what is left without them."""
    return " ".join(NUMBER.sub("", NAMED.sub("", line)).split())


def differences(quoted, printed):
    """Return the lines that differ by more than rounding."""
    return [
        (one, other)
        for one, other in zip(quoted, printed, strict=True)
        if words(one) != words(other)
        or any(
            abs(numbers(one).get(key, 0) - numbers(other).get(key, 0)) > 0.011
            for key in numbers(one) | numbers(other)
        )
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_card_quotes_what_is_printed():
    """A minute of one core; in a process without our tests' type checks, which take two more."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.mini_circuits"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    quoted, printed = QUOTED.strip("\n").split("\n"), made.stdout.splitlines()
    assert differences(quoted, printed) == [], "python -m tests.mini_circuits"


def test_a_number_that_moved_and_a_word_that_changed_are_found():
    line = "  heads, prob         L0H0 +1.00, L3H5 +0.00, L3H3 -0.00"
    same = "  heads, prob         L0H0 +0.99, L3H3 -0.00, L1H1 +0.01"
    assert differences([line], [same]) == []
    for other in (line.replace("+1.00", "+0.98"), line.replace("L0H0", "L0H1"), line + ", none"):
        assert differences([line], [other]) == [(line, other)]
    assert differences(["0  0.00 1.00"], ["0  -0.0 0.9"]) == [("0  0.00 1.00", "0  -0.0 0.9")]


def test_the_card_reads_no_number_that_was_not_printed():
    read = re.findall(r"\(\+(\d\.\d+)\)|at most (\d\.\d+)", PROSE)
    assert len(read) >= 6
    for value in (one or other for one, other in read):
        assert f"+{value}" in QUOTED, value
