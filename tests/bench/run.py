"""`make bench`: this engine against TransformerLens, same prompts, same numbers, same run.

Both run under `torch.inference_mode()`. TransformerLens' sweeps take minutes, so a seeded sample
of their cells is timed and the time per cell multiplied; how many is printed. Ours are whole
sweeps as a user starts them, unpatched runs and self-checks included. A shared machine's speed
moves, so both are timed in three turns, with the rate of the machine around each of ours, and
every number printed is the median.
"""

import argparse
import json
import os
import platform
import random
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import torch

import patchwidgets as pw
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, parse_node
from patchwidgets.results.result import Result
from patchwidgets.study import Study
from tests.bench.floor import COUNTED, multiply_rate, needed, needed_by_paths
from tests.bench.kinds import KINDS, passes, started
from tests.bench.passes import ROWS, best, shares_of_rate, two_forwards_and_a_backward
from tests.bench.plain import Plain, Timed
from tests.bench.scaling import scaling

PAIRS = 8
SAMPLE = 12
TURNS = 3
RECEIVER = "L20H0.v"
METRICS = ["logit_diff", "prob", "logprob", "kl_div"]
SWEEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "heads": ("heads", {}),
    "residual by position": ("residual", {}),
    "mlp by position": ("mlp", {"positions": "each"}),
    "heads by position": ("heads", {"positions": "each"}),
    "queries": ("heads", {"site": "q"}),
    "keys": ("heads", {"site": "k"}),
    "values": ("heads", {"site": "v"}),
    "attn by position": ("attn", {"positions": "each"}),
    "patterns": ("pattern", {}),
}
"""Name and options of each sweep; the floor is counted where `needed` knows the site."""


def main() -> None:
    """Run every row, print the table and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks.json"))
    out = parser.parse_args().out
    torch.manual_seed(0)
    study = one_length(pw.load_model("smollm2-135m"))
    plain = Plain(study)
    study.sweep("attn").wait()  # the first sweep of a process also starts torch's threads
    spec = study._session.model.spec
    rows = [sweep_row(study, plain, kind) for kind in SWEEPS]
    rows.append(path_row(study, plain))
    report = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "model": spec.name,
        "prompts": f"{PAIRS} IOI pairs of {study.shape.lengths[0]} tokens, S2 -> IO",
        "rows": rows,
        "kinds": [kind_row(study, kind) for kind in KINDS],
        "forwards": shares_of_rate(study),
        "against": [windows(study), first_estimate(study), comparison(study)],
        "scaling": scaling(study.model),
    }
    out.write_text(json.dumps(report, indent=1) + "\n")
    print(text(report))


def one_length(model: Any) -> Study:
    """Return a study of one template, so that TransformerLens can batch the prompts too."""
    study = pw.Study(model, "ioi", n=30 * PAIRS, store=False)
    return study.keep(["BABA 6"])


def sweep_row(study: Study, plain: Plain, kind: str) -> dict[str, Any]:
    """Time one sweep both ways and compare the numbers on the sampled cells."""
    name, options = SWEEPS[kind]
    spec = study._session.model.spec
    plan = study.plan(name, **options)
    nodes = [patch.nodes[0] for patch in plan.patches]
    (group,) = study.prompts.groups
    length, first = group.clean.shape[1], group.first_difference
    suffix = [length - max(first, int(node.position or 0)) for node in nodes]

    def least(alive: list[int]) -> int:
        return needed(spec, [nodes[i] for i in alive], PAIRS, [suffix[i] for i in alive])

    return row(
        kind,
        spec,
        lambda: study.sweep(name, **options),
        lambda cells: plain.sweep(kind, pd.DataFrame([index(nodes[i]) for i in cells])),
        list(range(len(nodes))),
        least if nodes[0].site in COUNTED else None,
    )


def path_row(study: Study, plain: Plain) -> dict[str, Any]:
    """Time the path map of head senders into one value, both ways."""
    spec = study._session.model.spec
    receiver = parse_node(RECEIVER)
    patches = study.plan("path", receivers=[RECEIVER]).patches
    senders = {i: patch.path.sender for i, patch in enumerate(patches) if patch.path}
    (group,) = study.prompts.groups
    changed = group.clean.shape[1] - group.first_difference

    def least(alive: list[int]) -> int:
        return needed_by_paths(spec, [senders[i] for i in alive], receiver, PAIRS, changed)

    return row(
        f"paths into {RECEIVER}",
        spec,
        lambda: study.path([RECEIVER]),
        lambda cells: plain.paths(receiver, [senders[i] for i in cells]),
        [i for i, sender in senders.items() if sender.site == "z"],
        least,
    )


def kind_row(study: Study, kind: str) -> dict[str, Any]:
    """Time a sweep that TransformerLens has none of against whole forward passes."""
    name, options = KINDS[kind]
    plan = study.plan(name, **options)
    return row(
        kind,
        study._session.model.spec,
        lambda: started(study, kind),
        lambda cells: passes(study, plan, cells),
        list(range(len(plan.patches))),
        None,
    )


def row(
    what: str,
    spec: ModelSpec,
    ours: Callable[[], Result],
    theirs: Callable[[list[int]], Timed],
    cells: list[int],
    least: Callable[[list[int]], int] | None,
) -> dict[str, Any]:
    """Time both in turns, as a shared machine's speed moves, and return one line of the report.

    Args:
        what: Is timed.
        spec: The model's sizes.
        ours: Starts the whole sweep.
        theirs: Measures some cells the plain way.
        cells: Of which `SAMPLE` are chosen for it.
        least: Multiply-adds that some patches cannot do without, where that is known.
    """
    sampled = sorted(random.Random(0).sample(cells, min(SAMPLE, len(cells))))

    def turn(part: list[int]) -> dict[str, float]:
        before = multiply_rate(spec)
        seconds, result = timed(ours)
        rate = (before + multiply_rate(spec)) / 2
        plain = theirs(part)
        plain_seconds = plain.seconds * len(result.plan.patches)
        apart = np.abs(result.snapshot().values[0][part] - plain.values)
        return {
            "cells": len(result.plan.patches),
            "seconds": seconds,
            "plain_seconds": plain_seconds,
            "ratio": plain_seconds / seconds,
            "largest_difference": float(apart.max()),
            "multiply_adds_per_second": rate,
            "floor": least(measured(result)) / rate / seconds if least else 0.0,
        }

    turns = [turn(sampled[first::TURNS]) for first in range(TURNS)]
    typical = {name: median(one[name] for one in turns) for name in turns[0]}
    return {
        "sweep": what,
        "plain_cells_timed": len(sampled),
        "turns": TURNS,
        **typical,
        "cells": int(typical["cells"]),
        "largest_difference": max(one["largest_difference"] for one in turns),
        "floor": typical["floor"] if least else None,
    }


def windows(study: Study) -> dict[str, Any]:
    """Time a sweep over windows of MLPs, whose single layers it measures too, against those."""
    wide, result = timed(lambda: study.sweep("mlp", window=5))
    single, alone = timed(lambda: study.sweep("mlp"))
    return {
        "what": "a window of 5 MLPs",
        "seconds": wide / len(result.plan.patches),
        "against": "one MLP",
        "their_seconds": single / len(alone.plan.patches),
    }


def first_estimate(study: Study) -> dict[str, Any]:
    """Time the estimate of the whole head map against what its passes take by themselves."""
    return {
        "what": "the head map by estimate",
        "seconds": best(lambda: study.estimate("heads")),
        "against": "two forward passes and a backward pass",
        "their_seconds": best(lambda: two_forwards_and_a_backward(study)),
    }


def comparison(study: Study) -> dict[str, Any]:
    """Time two corruptions read by four metrics against the two sweeps read by one."""
    corruptions = [("token_replacement", site) for site in ("S2", "S1+IO")]
    alone, together = [], []
    for _ in range(TURNS):
        began = time.perf_counter()
        for corruption, at in corruptions:
            study._again(corruption=corruption, at=at, metric="logit_diff").sweep("heads").wait()
        alone.append(time.perf_counter() - began)
        began = time.perf_counter()
        study.compare("heads", corruptions=corruptions, metrics=METRICS).wait()
        together.append(time.perf_counter() - began)
    return {
        "what": "2 corruptions x 4 metrics on the head map",
        "seconds": median(together),
        "against": "the two sweeps with one metric",
        "their_seconds": median(alone),
    }


def measured(result: Result) -> list[int]:
    """Return the patches that were run."""
    return [i for i, status in enumerate(result.snapshot().status) if status == 1]


def timed(start: Any) -> tuple[float, Result]:
    """Return the seconds a sweep takes from the call to the last number."""
    began = time.perf_counter()
    result = start().wait()
    return time.perf_counter() - began, result


def index(node: Node) -> dict[str, int]:
    """Return a node as a row of TransformerLens' index table, in its column order."""
    named = {"layer": node.layer, "pos": node.position, "head": node.head}
    return {name: int(at) for name, at in named.items() if at is not None}


def text(report: dict[str, Any]) -> str:
    """Return the report as tables."""
    lines = [
        f"{report['model']}, {report['prompts']}; {report['machine']}, torch {report['torch']}",
        *table("sweep", report["rows"]),
    ]
    if "kinds" in report:  # earlier runs have none
        lines += ["", *table("against forward passes", report["kinds"])]
    shares = " and ".join(f"{one['floor']:.0%} with {one['what']}" for one in report["forwards"])
    lines += ["", f"a plain forward pass of {ROWS} prompts, of the floor: {shares}"]
    for one in report["against"]:
        ratio = one["seconds"] / one["their_seconds"]
        lines.append(
            f"{one['what']}: {one['seconds']:.2f} s, {ratio:.2f} x {one['against']} "
            f"({one['their_seconds']:.2f} s)"
        )
    lines.append("")
    lines.append(f"{'head map':26} {'cells':>6} {'seconds':>8} {'ms a cell and prompt':>21}")
    lines += [
        f"{one['what']:26} {one['cells']:6} {one['seconds']:8.1f} {one['milliseconds']:21.2f}"
        for one in report["scaling"]
    ]
    return "\n".join(lines)


def table(title: str, rows: list[dict[str, Any]]) -> list[str]:
    """Return rows as lines, below a head."""
    lines = [
        f"{title:22} {'cells':>6} {'ours':>8} {'plain':>9} {'ratio':>7} {'of floor':>9} "
        f"{'G multiply-adds/s':>18} {'largest difference':>19}",
    ]
    for one in rows:
        floor = "" if one["floor"] is None else f"{one['floor']:.0%}"
        rate = one["multiply_adds_per_second"] / 1e9
        lines.append(
            f"{one['sweep']:22} {one['cells']:6} {one['seconds']:7.1f}s "
            f"{one['plain_seconds']:8.1f}s {one['ratio']:6.1f}x {floor:>9} {rate:18.0f} "
            f"{one['largest_difference']:19.1e}"
        )
    return lines


if __name__ == "__main__":
    main()
