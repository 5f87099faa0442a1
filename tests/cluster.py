"""`python -m tests.cluster`: one sweep here and on worker processes of this machine, one killed.

Prints what travels, what it costs and how far the numbers are apart. Every worker has one thread;
the sweep here has as many, so that the two can be compared. On a busy machine compare processor
seconds.
"""

import argparse
import os
import signal
import time
from typing import Any

import numpy as np
import torch


def main() -> None:
    """Sweep here, on workers, on workers that have the model, and on workers of which one dies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m", help="(default: %(default)s)")
    parser.add_argument("--n", type=int, default=8, help="prompt pairs (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    options = parser.parse_args()
    os.environ["PATCHWIDGETS_STORE"] = "off"
    torch.set_num_threads(1)

    from distributed import Client, LocalCluster

    import patchwidgets as pw

    study = pw.Study(pw.load_model(options.model), "ioi", n=options.n)
    print(f"{'':34}{'clock':>9}{'here':>9}{'workers':>9}  (seconds; the last two of processors)")
    study.sweep("attn").wait()  # what a first sweep makes besides is not counted
    here = measured("heads, here, 1 thread", study)
    own = {"processes": True, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(n_workers=options.workers, **own) as cluster, Client(cluster) as client:
        there = [
            measured(f"heads, {options.workers} workers, models to load", study, client),
            measured(f"heads, {options.workers} workers again", study, client),
            measured("heads, one worker killed half-way", study, client, kill=True),
        ]
    about = there[0].provenance["cluster"]
    print(f"{'to each worker, once':34}{about['bytes_per_worker']:8} bytes")
    print(f"{'shards':34}{about['shards']:8}")
    print(f"{'numbers back':34}{here.snapshot().values.nbytes:8} bytes")
    apart = [np.nanmax(np.abs(one.snapshot().values - here.snapshot().values)) for one in there]
    print(f"{'largest difference':34}{max(apart):8.1e}")


def measured(what: str, study: Any, client: Any = None, *, kill: bool = False) -> Any:
    """Sweep and print how long it took."""
    began, killed = clocks(client), []
    result = study.sweep("heads", client=client)

    def look(job: Any) -> None:
        if job.share > 0.5 and not killed:
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    if kill:
        result.listen(look)
    result.wait()
    assert bool(killed) == kill
    spent = [after - before for before, after in zip(began, clocks(client), strict=True)]
    spent[2] = float("nan") if kill else spent[2]  # a killed process takes its clock along
    print(f"{what:34}{spent[0]:9.1f}{spent[1]:9.1f}{spent[2]:9.1f}", flush=True)
    return result


def clocks(client: Any) -> tuple[float, float, float]:
    """Return the time, and processor seconds used so far here and by all workers."""
    workers = 0.0 if client is None else sum(client.run(time.process_time).values())
    return time.monotonic(), time.process_time(), workers


if __name__ == "__main__":
    main()
