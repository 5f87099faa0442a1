"""`python -m tests.sizes_on_smollm2`: bytes of a study of SmolLM2-135M with all its drill-downs.

A head map of 8 IOI pairs, and what feeds the query, the key and the value of its 20 strongest
heads; before it, a head map with 20 drill-downs of a model of 12 layers of 12 heads. `--json FILE`
keeps what it printed, which `python -m tests.front_page` puts into the README.

Nearly all of its time are the 44 path maps of SmolLM2, each about 20 s of a processor, so about 8
minutes on two cores that do nothing else. Fewer prompts would be quicker, but a map holds a number
for every prompt, so that sizes grow with them. What was measured stays in the store: a run that was
stopped goes on where it was.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import GPT2Config, GPT2LMHeadModel

import patchwidgets as pw
from tests.families import PAIRS, bridge_of, study_of

TOP = 20
"""Strongest heads that are opened."""

EIGHT = {
    name: (given * 3)[:8] if isinstance(given, list) else given for name, given in PAIRS.items()
}


def wide() -> pw.Study:
    """Return 12 layers of 12 heads, on 8 pairs, and what feeds the queries of the strongest 20."""
    torch.manual_seed(0)
    config = GPT2Config(n_layer=12, n_head=12, n_embd=48, n_positions=32, vocab_size=64)
    study = study_of(bridge_of(GPT2LMHeadModel(config).eval(), "wide"), EIGHT, store=False)
    study.sweep("heads").wait()
    study.bake(top=TOP, inputs=["q"]).wait()
    return study


def smollm2() -> pw.Study:
    """Return a study with what feeds the query, key and value of the strongest 20 heads."""
    study = pw.Study(pw.load_model("smollm2-135m"), "ioi", n=8)
    study.sweep("heads").wait()
    baking = study.bake(top=TOP)
    print(baking.cost, file=sys.stderr, flush=True)
    baking.wait()
    return study


STUDIES: dict[str, Callable[[], pw.Study]] = {
    "12 layers of 12 heads; queries of 20 heads": wide,
    "SmolLM2-135M, 30 layers of 9 heads; queries, keys and values of 20 heads": smollm2,
}


def row(name: str, study: pw.Study) -> dict[str, Any]:
    """Return the sizes of a study in bytes, and what they are of."""
    size = study.size()
    return {
        "study": name,
        "pairs": len(study.prompts.pairs),
        "maps": size.maps,
        "file": size.file,
        "page": size.page,
        "output": size.output,
    }


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep what is printed")
    path = parser.parse_args().json
    found = []
    for name, made in STUDIES.items():
        found.append(row(name, made()))
        print("  ".join(f"{key} {value}" for key, value in found[-1].items()), flush=True)
    if path is not None:
        path.write_text(f"{json.dumps(found, indent=2)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
