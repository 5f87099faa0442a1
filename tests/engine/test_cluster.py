"""Cells measured by the workers of a Dask cluster: real processes, one of which is killed."""

import os
import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from distributed import Client, Future, LocalCluster

from patchwidgets.engine import cluster as clusters
from patchwidgets.engine import execute
from patchwidgets.errors import ClusterError
from tests.families import FAMILIES, PAIRS, RAGGED, bridge_of, study_of

ATOL = 1e-5


def make_llama(seed=0):
    torch.manual_seed(seed)
    return bridge_of(FAMILIES["llama"](), "tiny-llama")


def make_only_in(pid):
    if os.getpid() != pid:
        raise FileNotFoundError("no weights on this machine")
    return make_llama()


def make_by_process(pid):
    return make_llama(seed=0 if os.getpid() == pid else 1)


_reads = 0


def deadly(logits, answers, reference, marks):
    """Kill the first worker process that comes to its third wave, and remove the mark for it."""
    global _reads
    _reads += 1
    mark = Path(marks) / "kill"
    if not (Path(marks) / str(os.getpid())).exists() and _reads > 4 and mark.exists():
        mark.unlink()
        os._exit(1)
    return logits[..., 5]


def slowly(logits, answers, reference):
    threading.Event().wait(0.02)
    return logits[..., 5]


OPTIONS = {"threads_per_worker": 1, "dashboard_address": ":0"}


@pytest.fixture(scope="module")
def two():
    """A client of two worker processes."""
    with LocalCluster(n_workers=2, processes=True, **OPTIONS) as made, Client(made) as client:
        yield client


@pytest.fixture(scope="module")
def thread():
    """A client of one worker that is a thread of this process, and so starts at once."""
    with LocalCluster(n_workers=1, processes=False, **OPTIONS) as made, Client(made) as client:
        yield client


@pytest.fixture(scope="module")
def eight():
    """A client of more workers, threads all of them, than some plans have cells."""
    with LocalCluster(n_workers=8, processes=False, **OPTIONS) as made, Client(made) as client:
        yield client


@pytest.fixture
def threads_to_lose():
    """A client of two workers that are threads, for one test."""
    with LocalCluster(n_workers=2, processes=False, **OPTIONS) as made, Client(made) as client:
        yield client


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(execute, "CHUNK_TOKENS", 30)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", 30)


def same(here, there):
    here, there = here.wait().snapshot(), there.wait().snapshot()
    assert (here.status == there.status).all()
    assert (here.status == 1).sum() > 10
    np.testing.assert_allclose(there.values, here.values, atol=ATOL)


@pytest.mark.parametrize("source", ["other", "zero"])
def test_a_sweep_on_two_processes_equals_the_local_one(two, source):
    study = study_of(make_llama, RAGGED, metric=["logit_diff", "kl_div"])
    asked = {"positions": "roles", "source": source}
    here, there = study.sweep("heads", **asked), study.sweep("heads", **asked, client=two)
    same(here, there)
    about = there.provenance["cluster"]
    assert about["workers"] == 2
    assert about["kinds"] == ["cpu, 1 threads"]
    assert about["shards"] >= 8
    assert about["bytes_per_worker"] < 50_000


def test_a_path_map_on_two_processes_equals_the_local_one(two):
    study = study_of(make_llama, RAGGED)
    asked = {"through": ["L1H1.q"], "positions": "roles"}
    same(study.path(["L2H0.v"], **asked), study.path(["L2H0.v"], **asked, client=two))


def test_whole_forward_passes_are_shared_out_too(two):
    study = study_of(make_llama, PAIRS, executor="reference")
    there = study.sweep("mlp", positions="each", client=two)
    assert there.wait().provenance["executor"] == "reference: it was asked for"
    same(study.sweep("mlp", positions="each"), there)


MANY: dict[str, Any] = {
    "clean": PAIRS["clean"] * 3 + ["then Mary and John said that John gave a bag to"] * 3,
    "corrupted": [
        *PAIRS["corrupted"],
        *(one.replace("Mary and", "Paul and") for one in PAIRS["clean"][:1] * 3),
        *PAIRS["corrupted"],
        *(["then Mary and John said that Mary gave a bag to"] * 3),
    ],
    "answers": [*PAIRS["answers"] * 3, *[" Mary"] * 3],
    "wrong_answers": [*PAIRS["wrong_answers"] * 3, *[" John"] * 3],
    "roles": {"at": [9, 9, 9, 2, 2, 2, 9, 9, 9, 6, 6, 6]},
}
"""Of two lengths; some of one length differ early, the others late."""
MANY["clean"][3:6] = PAIRS["clean"][:1] * 3


@pytest.mark.parametrize("options", [{}, {"executor": "reference"}, {"direction": "noising"}])
def test_few_cells_on_many_prompts_are_shared_out_by_prompts(eight, options):
    study = study_of(make_llama, MANY, metric=["logit_diff", "kl_div"], **options)
    here = study.sweep("mlp", positions=["at"]).wait()
    there = study.sweep("mlp", positions=["at"], client=eight).wait()
    about = there.provenance["cluster"]
    assert about["divided"] == "prompts"
    assert about["shards"] == 8
    here, there = here.snapshot(), there.snapshot()
    assert (here.status == there.status).all()
    assert (here.status == 1).any()
    np.testing.assert_allclose(there.values, here.values, atol=ATOL)


def test_few_paths_and_answers_of_several_tokens_are_shared_out_by_prompts(eight):
    pairs = MANY | {"answers": [[" Mary gave", " Tom"]] * 12, "wrong_answers": [" John"] * 12}
    study = study_of(make_llama, pairs, metric="continuation_diff")
    asked = {"senders": ["mlp"]}
    here, there = study.path("logits", **asked), study.path("logits", **asked, client=eight)
    np.testing.assert_allclose(
        there.wait().snapshot().values, here.wait().snapshot().values, atol=ATOL
    )
    assert there.provenance["cluster"]["divided"] == "prompts"


def test_prompts_that_lend_each_other_values_stay_together(eight):
    study = study_of(make_llama, MANY)
    here, there = (study.sweep("mlp", source="resample", client=one) for one in (None, eight))
    np.testing.assert_allclose(
        there.wait().snapshot().values, here.wait().snapshot().values, atol=ATOL
    )
    assert there.provenance["cluster"]["divided"] == "cells"


def test_progress_streams_and_a_cancel_keeps_what_was_measured(two, small_chunks):
    study = study_of(make_llama, PAIRS, metric=slowly)
    here = study.sweep("heads", positions="each").wait().snapshot()
    there = study.sweep("heads", positions="each", client=two)
    shares = []

    def look(job):
        shares.append(job.share)
        if job.share > 0.3:
            job.cancel()

    there.listen(look)
    there.wait()
    assert there.progress.state == "cancelled"
    between = sorted({share for share in shares if 0 < share < 1})
    assert len(between) > 3
    got = there.snapshot()
    measured = got.status == 1
    assert 0 < measured.sum() < (here.status == 1).sum()
    np.testing.assert_allclose(got.values[:, measured], here.values[:, measured], atol=ATOL)
    assert np.isnan(got.values[:, got.status == 0]).all()


def test_a_worker_without_the_model_is_named(two):
    study = study_of(partial(make_only_in, os.getpid()), PAIRS)
    with pytest.raises(ClusterError) as refused:
        study.sweep("mlp", client=two).wait()
    workers = "|".join(two.nthreads())
    assert refused.match(
        rf"^Worker ({workers}): `tiny-llama` cannot be loaded here \(FileNotFoundError: no weights "
        r"on this machine\)\. Every worker loads the model itself\. Install what it comes from on "
        r"this machine, or let it reach the hub; or give `pw\.Study` a function without arguments "
        r"that makes the model and works here too\.$"
    )


def test_a_worker_with_other_weights_is_refused(two):
    study = study_of(partial(make_by_process, os.getpid()), PAIRS)
    result = study.sweep("mlp", client=two)
    with pytest.raises(ClusterError) as refused:
        result.wait()
    assert refused.match(
        r"^Worker tcp://\S+: `tiny-llama` has other weights here \(fingerprint \w{16}\) than where "
        r"you ask \(\w{16}\)\. Numbers of two models do not belong in one map\. Load the same "
        r"weights on both sides: give `pw\.Study` a function without arguments that makes the "
        r"model as you have it, changes of yours included\.$"
    )
    assert np.isnan(result.snapshot().values).all()


def test_what_a_killed_process_had_is_measured_again(two, tmp_path, small_chunks):
    (tmp_path / str(os.getpid())).touch()
    metric: Any = partial(deadly, marks=str(tmp_path))
    metric.__name__ = "deadly"
    study = study_of(make_llama, RAGGED, metric=metric)
    here = study.sweep("heads", positions="roles").wait()
    before = set(two.run(os.getpid).values())
    (tmp_path / "kill").touch()
    there = study.sweep("heads", positions="roles", client=two)
    same(here, there)
    assert not (tmp_path / "kill").exists()
    assert before - set(two.run(os.getpid).values())


def abort(client):
    """Break the connection of one worker."""
    made = client.cluster
    _, worker = made.workers.popitem()
    made.sync(worker.close, nanny=False, executor_wait=False)


def cancel_all(client):
    client.cancel([Future(key, client) for key in list(client.futures)])


@pytest.mark.parametrize("lose", [abort, cancel_all])
def test_what_dask_gives_up_is_given_to_it_again(threads_to_lose, small_chunks, lose):
    threads_to_lose.cluster.scheduler.allowed_failures = 0
    study = study_of(make_llama, PAIRS, metric=slowly)
    here = study.sweep("heads", positions="each")
    there, lost = study.sweep("heads", positions="each", client=threads_to_lose), []

    def look(job):
        if 0.2 < job.share < 0.8 and not lost:
            lost.append(lose(threads_to_lose))

    there.listen(look)
    same(here, there)
    assert lost
    assert there.provenance["cluster"]["redone"] > 0


def test_what_is_lost_too_often_is_told(threads_to_lose, small_chunks, monkeypatch):
    monkeypatch.setattr(clusters, "TRIES", 1)
    study = study_of(make_llama, PAIRS, metric=slowly)
    result = study.sweep("heads", positions="each", client=threads_to_lose)
    result.listen(lambda job: cancel_all(threads_to_lose) if 0.2 < job.share < 0.8 else None)
    with pytest.raises(ClusterError) as refused:
        result.wait()
    assert str(refused.value) == (
        "Some cells were lost once with the worker that measured them (cancelled). Workers most "
        "often die because their memory ran out. Give each more memory, give fewer prompt pairs, "
        "or set `memory=` of the study. What was measured is kept: sweep again to go on."
    )


def test_stored_cells_need_no_worker_and_workers_store_none(thread, tmp_path, monkeypatch):
    monkeypatch.setenv("PATCHWIDGETS_STORE", "on")
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path))
    first = study_of(make_llama, PAIRS).sweep("mlp", client=thread).wait()
    assert first.provenance["cells_from_store"] == 0
    assert first.provenance["cluster"]["workers"] == 1
    again = study_of(make_llama, PAIRS).sweep("mlp", client=thread).wait()
    assert again.provenance["cells_from_store"] == 3
    assert again.provenance["cluster"]["workers"] == 0
    assert (first.snapshot().values == again.snapshot().values).all()
    here = study_of(make_llama, PAIRS).sweep("mlp").wait()
    assert here.provenance["cells_from_store"] == 0


def test_when_every_worker_is_gone_what_was_measured_is_kept(
    threads_to_lose, small_chunks, monkeypatch
):
    monkeypatch.setattr(clusters, "PATIENCE_SECONDS", 1.0)
    study = study_of(make_llama, PAIRS, metric=slowly)
    result = study.sweep("heads", positions="each", client=threads_to_lose)
    scale = threads_to_lose.cluster.scale
    result.listen(lambda job: scale(0) if 0.2 < job.share < 0.4 else None)
    with pytest.raises(ClusterError) as refused:
        result.wait()
    assert refused.match(
        r"^The cluster of `client` \(running\) has had no worker for 1 seconds, so nobody can "
        r"measure\. Start workers, or a new cluster, and sweep again: what was measured is kept\. "
        r"Without `client` this process measures\.$"
    )
    assert 0 < (result.snapshot().status == 1).sum() < 180


def test_the_largest_estimates_are_measured_on_workers_too(thread):
    study = study_of(make_llama, PAIRS)
    asked = {"estimate": "attribution", "top": 8, "positions": "each"}
    here, there = study.sweep("heads", **asked), study.sweep("heads", **asked, client=thread)
    here, there = here.wait().snapshot(), there.wait().snapshot()
    assert (here.status == there.status).all()
    np.testing.assert_allclose(there.values, here.values, atol=ATOL)
