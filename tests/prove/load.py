"""A kernel under load answers, keeps nothing, and its numbers are those of a quiet one.

Five studies with twenty views are clicked 200 times a second while sweeps run; one sweep has 50,000
cells and a view that fills in; one study has 1,000 prompts, and one prompt 2,000 tokens.
"""

import random
import time
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

import patchwidgets as pw
from patchwidgets.widgets.live import AT_ONCE
from tests.families import SIZE, WORDS, bridge_of, study_of
from tests.prove._desk import STUDIES, VIEWS, Desk, recorded
from tests.prove._gauge import grown, held, settle, threads, watched
from tests.prove._proof import Proof
from tests.prove._subject import ATOL

PROMISE = "under load a kernel answers, holds no more than before, and measures the same numbers"

FULL = 6000
"""Clicks at full length; the other sizes shrink with them."""

CLICKS_PER_SECOND = 200
MOST_THREADS = VIEWS * (2 * AT_ONCE + 1)
"""Beside those that were there: what views have for commands, and one more for the newest."""

SLOWEST = 2.0
"""Seconds that a kernel may take for one message of a page."""

PATIENCE = 600.0
"""Seconds after the last click within which everything asked for has to be measured."""

DRAWN_PER_SECOND = 10.0
FLAT = 30.0
"""Megabytes by which memory may rise while one map fills in, of about 600."""


def prove(times: int, seed: int = 0) -> Proof:
    """Send so many clicks, and measure what is large in proportion."""
    proof, share = Proof(PROMISE), times / FULL
    clicked(proof, times, random.Random(seed))
    large_sweep(proof, max(400, round(50_000 * share)))
    many_prompts(proof, max(20, round(1000 * share)))
    long_prompt(proof, max(40, round(2000 * share)))
    return proof


def clicked(proof: Proof, times: int, chance: random.Random) -> None:
    """Click on everything while sweeps run."""
    quiet = threads()
    with recorded() as sent:
        desk = Desk(chance)
        settle(quiet, PATIENCE)
        before, out, slowest, late = held(desk.models), sent.messages, 0.0, 0.0
        began = time.monotonic()
        with watched() as seen:
            for click in range(times):
                due = began + click / CLICKS_PER_SECOND
                time.sleep(max(0.0, due - time.monotonic()))
                handed = time.monotonic()
                late = max(late, handed - due)
                proof.count(desk.click())
                slowest = max(slowest, time.monotonic() - handed)
            seconds = time.monotonic() - began
        rate = (sent.messages - out) / seconds
        proof.fell += _fell(desk, before, chance)
        proof.notes.append(
            f"{STUDIES} studies, {VIEWS} views, {times} clicks in {seconds:.0f} s: "
            f"{rate:.0f} messages and {sent.bytes / 1e6 / seconds:.1f} MB a second out, "
            f"at most {seen.threads} threads, {slowest * 1000:.0f} ms for one message, "
            f"{late:.1f} s behind"
        )
        most = VIEWS * DRAWN_PER_SECOND + 4 * times / seconds
        problems = {
            f"{rate:.0f} messages a second went out": rate > most,
            f"{seen.threads} threads ran": seen.threads > before.threads + MOST_THREADS,
            f"one message took {slowest:.1f} s": slowest > SLOWEST,
        }
        proof.fell += [what for what, fell in problems.items() if fell]
        desk.close()


def _fell(desk: Desk, before: Any, chance: random.Random) -> list[str]:
    """Return what is not as it should be once everything is measured that was asked for."""
    left = settle(before.threads, PATIENCE)
    left += grown(before, held(desk.models), but=("memory", "workers", "jobs", "files"))
    return left + desk.wrong(12)


def large_sweep(proof: Proof, cells: int) -> None:
    """Let a view follow a sweep of so many cells, and compare it with one that nobody looks at."""
    layers, heads = 16, 32
    length = max(4, round(cells / layers / heads))
    torch.manual_seed(0)
    study = long_study(length, layers=layers, heads=heads, n=2)
    with recorded() as sent:
        looked_at = study.sweep("heads", positions="each")
        view = looked_at._live()
        view.show()
        began, first = time.monotonic(), sent.messages
        with watched() as seen:
            looked_at.wait()
        seconds, messages = time.monotonic() - began, sent.messages - first
        view.widget.close()
    count = len(looked_at.plan.patches)
    proof.count("cells of one sweep that a view follows", count)
    proof.notes.append(
        f"a sweep of {count} cells in {seconds:.0f} s: {messages / seconds:.1f} messages a second, "
        f"memory rose by {seen.risen:.1f} MB, from {seen.memory[0]:.0f} to {max(seen.memory):.0f} "
        "at most"
    )
    if messages > 10 + DRAWN_PER_SECOND * seconds:
        proof.fell.append(f"{messages} messages went out in {seconds:.0f} s for one map")
    if seen.risen > FLAT:
        proof.fell.append(f"memory rose by {seen.risen:.0f} MB while one map filled in")
    chosen = [0, length // 2, length - 1]
    again = study.sweep("heads", positions=chosen).wait().snapshot().values
    drawn = looked_at.snapshot().values.reshape(len(again), layers, heads, length, -1)
    if not np.allclose(drawn[..., chosen, :].reshape(again.shape), again, rtol=0, atol=ATOL):
        proof.fell.append("a sweep that a view followed has other numbers than one of fewer cells")


def many_prompts(proof: Proof, n: int) -> None:
    """Draw a sweep over so many prompts, and compare the first with a study of those alone."""
    study = pw.Study("mini", "ioi", n=n, store=False)
    shown = study.sweep("heads").wait()
    with recorded() as sent:
        view = shown._live()
        view.show()
        view._answer({"command": "detail", "map": "heads", "node": "L2H0", "prompt": n - 1})
        view.widget.close()
    few = pw.Study("mini", study.prompts.pairs[:10], store=False).sweep("heads").wait()
    proof.count("prompts in one study", n)
    proof.notes.append(f"{n} prompts: a map and a click sent {sent.bytes / 1e6:.1f} MB")
    first, alone = shown.snapshot().values[:, :, :10], few.snapshot().values
    if not np.allclose(first, alone, rtol=0, atol=1e-3):
        proof.fell.append(f"{n} prompts change the numbers of the first ten")


def long_prompt(proof: Proof, tokens: int) -> None:
    """Sweep over a prompt of so many tokens, by role and by position, and look at one head."""
    study = long_study(tokens, layers=2, heads=4, n=1)
    began = time.monotonic()
    each = study.sweep("residual", positions="each").wait().snapshot().values
    proof.count("tokens in one prompt", tokens)
    roles = study.sweep("residual", positions="roles").wait()
    heads = study.sweep("heads").wait()
    with recorded() as sent:
        view = heads._live()
        view._answer({"command": "detail", "map": "heads", "node": "L1H0", "prompt": 0})
        view.widget.close()
    seconds = time.monotonic() - began
    proof.notes.append(
        f"{tokens} tokens: {each.size} cells in {seconds:.0f} s, a click on a head sent "
        f"{sent.bytes / 1e6:.1f} MB"
    )
    places = [{"name": tokens // 3 + 1, "END": tokens - 1}[role] for role in ROLES]
    labels = [axis.labels for axis in roles.plan.maps[0].axes if axis.name == "role"]
    assert labels == [ROLES], labels
    by_place = each.reshape(2, tokens)[:, places]
    reference = long_study(tokens, layers=2, heads=4, n=1, executor="reference")
    slow = reference.sweep("residual", positions=places).wait().snapshot().values
    for what, values in {"by role": roles.snapshot().values, "whole passes": slow}.items():
        if not np.allclose(values.reshape(2, -1), by_place, rtol=0, atol=ATOL):
            proof.fell.append(
                f"{tokens} tokens have other numbers position by position than {what}"
            )


ROLES = ("name", "END")


def long_study(length: int, layers: int, heads: int, n: int, **options: Any) -> Any:
    """Return a study of a random model on prompts of so many tokens, which differ in one."""
    torch.manual_seed(0)
    sizes = {"num_hidden_layers": layers, "num_attention_heads": heads, "hidden_size": 2 * heads}
    sizes |= {"num_key_value_heads": heads, "max_position_embeddings": length}
    model = LlamaForCausalLM(LlamaConfig(**sizes, intermediate_size=4 * heads, **SIZE))
    chance, at = random.Random(0), length // 3
    texts = [chance.choices(PLAIN, k=length - 1) for _ in range(n)]  # after the BOS token
    pairs = {
        side: [" ".join(["", *text[:at], name, *text[at + 1 :]]) for text in texts]
        for side, name in (("clean", "Mary"), ("corrupted", "John"))
    }
    about = {"answers": [" Mary"] * n, "wrong_answers": [" John"] * n, "roles": {"name": at}}
    return study_of(bridge_of(model, "long"), pairs | about, store=False, **options)


PLAIN = [word for word in WORDS if word.isalpha()]
