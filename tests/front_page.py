"""Tables of the README, made from what they are about: `python -m tests.front_page` writes them.

Each stands between two comments; a test makes them again and compares.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from patchwidgets.advice import RULES
from patchwidgets.metrics import METRICS
from patchwidgets.models.sites import SITES
from patchwidgets.plans.sweeps import SWEEPS
from patchwidgets.prompts.corruptions import CORRUPTIONS
from patchwidgets.prompts.tasks import TASKS
from patchwidgets.prompts.tasks._facts import FACTS
from patchwidgets.saving._sizes import written_size
from tests.families import EVERY_FAMILY

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MEASURED = ROOT / "tests/bench/results-2-cores.json"
SIZES = ROOT / "tests/bench/sizes-smollm2.json"

FAMILY_NAMES = {
    "attention_only": "attention only",
    "bloom": "BLOOM",
    "gemma2": "Gemma 2",
    "gemma3": "Gemma 3",
    "gpt2": "GPT-2",
    "gptj": "GPT-J",
    "granite": "Granite",
    "llama": "Llama",
    "mistral": "Mistral",
    "mixtral": "Mixtral",
    "olmo2": "OLMo 2",
    "opt": "OPT",
    "phi": "Phi",
    "pythia": "Pythia",
    "qwen2": "Qwen2",
    "qwen3": "Qwen3",
}


def tasks() -> Iterator[str]:
    """Yield every task with its corruption sites and its paper."""
    yield from head("task", "", "corrupted at", "source")
    for name in TASKS.names():
        task = TASKS.get(name)
        title = f"{task.title} ({len(FACTS)} facts)" if name == "facts" else task.title
        sites = ", ".join(f"`{site}`" for site in task.sites)
        yield row(f"`{name}`", title, sites, _linked(task.citation.split(";")[0]))


def metrics() -> Iterator[str]:
    """Yield every metric with its unit and what it is."""
    yield from head("metric", "unit", "")
    for name in METRICS.names():
        metric = METRICS.get(name)
        yield row(f"`{name}`", metric.unit, _sentence(type(metric)))


def corruptions() -> Iterator[str]:
    """Yield every corruption with what it acts on."""
    yield from head("corruption", "", "changes the", "source")
    for name in CORRUPTIONS.names():
        one = CORRUPTIONS.get(name)
        yield row(f"`{name}`", one.label, one.acts_on, _linked(one.source))


def sites() -> Iterator[str]:
    """Yield every site with what it is and its axis of heads."""
    yield from head("site", "", "heads")
    for name in SITES.names():
        site = SITES.get(name)
        heads = {"head": "query heads", "kv_head": "key/value heads"}.get(site.heads or "", "")
        yield row(f"`{name}`", site.title, heads)


def sweeps() -> Iterator[str]:
    """Yield every sweep with the map it makes and its options."""
    yield from head("sweep", "", "options")
    for name in SWEEPS.names():
        sweep = SWEEPS.get(name)
        options = [f"`{one}`" for one in list(inspect.signature(sweep).parameters)[2:]]
        yield row(f"`{name}`", _sentence(sweep).removeprefix("Return "), ", ".join(options))


def families() -> Iterator[str]:
    """Yield the families of models on which every site and path is tested, in one line."""
    named = [FAMILY_NAMES[family] for family in EVERY_FAMILY]
    yield f"{len(named)} families are tested: {', '.join(named)}."
    yield f"{len(RULES.names())} rules of advice look at every study, map, comparison and circuit."


def speed() -> Iterator[str]:
    """Yield how long this engine and TransformerLens took for the same numbers."""
    report = json.loads(MEASURED.read_text(encoding="utf-8"))
    yield f"{report['model']}, {report['prompts']}; {report['machine']}, torch {report['torch']}"
    yield ""
    yield from head("map", "cells", "patchwidgets", "whole forward passes", "", "differ by at most")
    for one in report["rows"]:
        took = (f"{one['seconds']:.1f} s", f"{one['plain_seconds']:.0f} s", f"{one['ratio']:.0f}x")
        yield row(one["sweep"], f"{one['cells']:,}", *took, f"{one['largest_difference']:.0e}")


def sizes() -> Iterator[str]:
    """Yield how large studies with their drill-downs are, in every form they are handed on in."""
    yield from head("head map, and what feeds", "pairs", "maps", "file", "page", "notebook output")
    for one in json.loads(SIZES.read_text(encoding="utf-8")):
        forms = (written_size(one[form]) for form in ("file", "page", "output"))
        yield row(one["study"], str(one["pairs"]), str(one["maps"]), *forms)


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    made.__name__: made
    for made in (tasks, metrics, corruptions, sites, sweeps, families, speed, sizes)
}


def written(text: str, tables: dict[str, Callable[[], Iterator[str]]] = TABLES) -> str:
    """Return a page with its tables made anew.

    Raises:
        ValueError: A table has no place in it.
    """
    for name, made in tables.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        place = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
        if not place.search(text):
            raise ValueError(f"The page has no place for `{name}`: {begin} ... {end}.")
        table = "\n".join(made())
        text = place.sub(lambda _, made=f"{begin}\n\n{table}\n\n{end}": made, text)
    return text


def _sentence(of: object) -> str:
    first = re.split(r"\.\s|\.$|; ", inspect.getdoc(of) or "", maxsplit=1)[0]
    return " ".join(first.split())


def _linked(source: str) -> str:
    """Return a source with its arXiv number as a link."""
    number = r"arXiv (\d+\.\d+)"
    return re.sub(number, r"[\1](https://arxiv.org/abs/\1)", source).strip()


def head(*titles: str) -> Iterable[str]:
    """Return the two lines that a table begins with."""
    return row(*titles), row(*("---" for _ in titles))


def row(*cells: str) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
