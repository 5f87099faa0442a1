"""Whatever is shown as a picture and as text, for places that draw no view."""

import numpy as np

from patchwidgets.views._chart import read_chart
from patchwidgets.views._circuit_still import circuit_picture, circuit_words
from patchwidgets.views._detail_words import words_of
from patchwidgets.views._png import picture, sheet
from patchwidgets.views._question_words import question_words
from patchwidgets.views._stand_ins import charts_of
from patchwidgets.views._text import lines_of, spoken, summary
from patchwidgets.views._wire import read_array
from patchwidgets.views.array_map import ArrayMap
from patchwidgets.views.attention import Attention
from patchwidgets.views.circuit import Circuit
from patchwidgets.views.comparison import Comparison
from patchwidgets.views.explorer import Explorer
from patchwidgets.views.prompt_effects import PromptEffects
from patchwidgets.views.prompts import Prompts
from patchwidgets.views.question import Question

WithoutMaps = Attention | PromptEffects | Prompts | Circuit
"""What has no maps of nodes."""

Pictured = Explorer | Comparison | ArrayMap | WithoutMaps
"""What has a picture; a question is words alone."""

Shown = Pictured | Question
"""What a notebook output or a report can hold."""

MARKS = {1: "+", 2: "−"}


def still(header: Pictured, block: bytes, key: str = "") -> bytes:
    """Return a PNG: of one map of an explorer, of a graph, or of all maps of what has no keys.

    Args:
        header: What is shown.
        block: Its arrays.
        key: Which map of an explorer; the first where it has none of that key.
    """
    if isinstance(header, Circuit):
        return circuit_picture(header)
    if isinstance(header, Comparison):
        columns = range(len(header.maps[0].metrics))
        rows = [[read_chart(one, block, metric) for metric in columns] for one in header.maps]
        return sheet(rows)
    if isinstance(header, Attention | PromptEffects | Prompts):
        return sheet([charts_of(header, block)])
    chosen = next((one for one in header.maps if one.key == key), header.maps[0])
    return picture(chosen, block)


def words(header: Shown, block: bytes, key: str = "") -> str:
    """Return the same as a few lines of plain text; a comparison by what each method detects."""
    if isinstance(header, ArrayMap):
        return "\n".join(lines_of(header.maps[0], block))
    if isinstance(header, Attention | PromptEffects | Prompts):
        return words_of(header, block)
    if isinstance(header, Circuit):
        return circuit_words(header)
    if isinstance(header, Question):
        return question_words(header)
    if not isinstance(header, Comparison):
        return summary(header, block, key=key)
    facts = " · ".join(f"{fact.label} {fact.value}" for fact in header.facts)
    lines = [header.title, facts, header.missing]
    if header.findings:
        found = header.findings[0]
        signs = read_array(found.signs, block)
        lines.append(f"detected ({found.label}):{'' if found.nodes else ' nothing'}")
        lines += [
            f"  {method.label}: {_detected(found.nodes, row)}"
            for method, row in zip(header.methods, signs, strict=True)
            if found.nodes
        ]
    return "\n".join(line for line in [*lines, spoken(header.advice)] if line)


def _detected(nodes: list[str], signs: np.ndarray) -> str:
    marked = [
        f"{MARKS[sign]}{node}"
        for node, sign in zip(nodes, signs.tolist(), strict=True)
        if sign in MARKS
    ]
    return " ".join(marked) or "nothing"
