"""Processes that are killed at random moments lose nothing they had acknowledged.

A sweep that fills the cell store is killed and goes on; a process that writes one study file over
and over is killed, and the file is then one that it had written, whole; a process that keeps one
model after another in the cache is killed, and each is there whole or not at all.
"""

import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from shutil import rmtree
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import AutoConfig, AutoTokenizer, LlamaConfig, LlamaForCausalLM
from transformers.utils import logging

import patchwidgets as pw
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.models.keeping import is_kept, keep
from tests.kills import kill_and_resume
from tests.prove._proof import Proof

PROMISE = "after kill -9 every file is whole, nothing acknowledged is lost, a resume is identical"

PROCESSES = multiprocessing.get_context("forkserver")
STUDY = "one.study.json"
TINY = LlamaConfig(
    hidden_size=256,
    intermediate_size=512,
    num_hidden_layers=2,
    num_attention_heads=4,
    vocab_size=2000,
)


def prove(times: int, seed: int = 0) -> Proof:
    """Kill so many processes: a third sweep, a third save a study, a third keep a model."""
    proof, chance = Proof(PROMISE), random.Random(seed)
    third = times // 3
    with tempfile.TemporaryDirectory() as folder:
        sweeping = kill_and_resume(times - 2 * third, Path(folder), seed)
    proof.count("kills of a sweep", len(sweeping.stored))
    proof.notes.append(f"cells in the store when a sweep was killed: {sorted(sweeping.stored)}")
    if 2 * sum(map(bool, sweeping.stored)) < len(sweeping.stored):
        proof.fell.append("fewer than half of the sweeps had stored a cell when they were killed")
    if sweeping.again:
        proof.fell.append(f"{sweeping.again} cells that were stored were measured again")
    if not all(sweeping.identical):
        proof.fell.append("a sweep that went on has other numbers than one that nobody killed")
    for what, works, wrong_with in (
        ("saves a study", save_for_ever, _wrong_with_study),
        ("keeps a model", keep_for_ever, _wrong_with_models),
    ):
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(third):
                acknowledged = _killed(works, Path(folder), chance)
                problem = wrong_with(Path(folder), acknowledged)
                proof.fell += [problem] if problem else []
                proof.count(f"kills of a process that {what}")
    return proof


def _killed(works: Callable[[Path, Path], None], folder: Path, chance: random.Random) -> list[str]:
    """Kill a process at a random moment of its work; return what it had acknowledged."""
    log = folder / "done.txt"
    log.unlink(missing_ok=True)
    process = PROCESSES.Process(target=works, args=(folder, log))
    process.start()
    while not log.exists():
        assert process.is_alive(), f"the process that does `{works.__name__}` did not start"
        time.sleep(0.002)
    time.sleep(chance.uniform(0, 0.3))
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    return log.read_text().split()


def _wrong_with_study(folder: Path, acknowledged: list[str]) -> str:
    """Return what is wrong with a study file whose writer was killed."""
    path = folder / STUDY
    try:
        study = pw.open_study(path)
    except PatchwidgetsError as error:
        return f"the file cannot be read: {error}"
    if f"{len(study.results)}" not in (acknowledged[-1], _next(acknowledged[-1])):
        return f"the file is older than save {len(acknowledged)}, which was acknowledged"
    left = [other.name for other in path.parent.iterdir() if other.name.endswith(".unfinished")]
    return "" if len(left) <= MOST_LEFT else f"{len(left)} unfinished files were left behind"


MOST_LEFT = 1
"""A killed process cannot clear away the file it was writing; the next save of its name does."""


def _next(results: str) -> str:
    return "2" if results == "1" else "1"


def _wrong_with_models(folder: Path, acknowledged: list[str]) -> str:
    """Return what is wrong with the models that a killed process kept, and throw them away."""
    kept = {int(one.name) for one in folder.glob("[0-9]*") if is_kept(one)}
    lost = set(map(int, acknowledged)) - kept
    wrong = [number for number in kept if _number_in(folder / str(number)) != number]
    for number in kept:
        rmtree(folder / str(number))
    half = [one.name for one in folder.glob("[0-9]*")]
    problems = {"were acknowledged and are gone": lost, "are not whole": {*wrong, *half}}
    return "; ".join(f"models {sorted(some)} {why}" for why, some in problems.items() if some)


def _number_in(folder: Path) -> float | None:
    """Return the number that all weights of a kept model are; `None` if it cannot be read."""
    try:
        weights = load_file(folder / "model.safetensors")
        for rest in (AutoConfig, AutoTokenizer):
            rest.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, SafetensorError):
        return None
    values = {value for weight in weights.values() for value in weight.unique().tolist()}
    return values.pop() if len(values) == 1 else None


def keep_for_ever(folder: Path, log: Path) -> None:
    """Keep models whose weights all are 0, then 1 and so on, and note each that is kept."""
    from tests.families import word_tokenizer

    logging.disable_progress_bar()
    model, tokenizer = LlamaForCausalLM(TINY), word_tokenizer()
    for number in count():
        with torch.no_grad():
            for weight in model.parameters():
                weight.fill_(number)
        keep(model, tokenizer, folder / str(number))
        with log.open("a") as file:
            file.write(f"{number}\n")


def save_for_ever(folder: Path, log: Path) -> None:
    """Save a study with one result and one with two, in turns, and note each save that is done."""
    from tests.families import PAIRS, study_of, tiny

    studies: list[Any] = []
    for sweeps in (["mlp"], ["mlp", "heads"]):
        study = study_of(tiny("llama"), PAIRS, store=False)
        for name in sweeps:
            study.sweep(name).wait()
        studies.append(study)
    while True:
        for results, study in enumerate(studies, start=1):
            study.save(folder / STUDY)
            with log.open("a") as file:
                file.write(f"{results}\n")
