"""Measures waves on the workers of a Dask cluster, and redoes those of a worker that is lost.

README.md in this folder says what travels and what it costs. Nothing here imports Dask: the client
that is given brings it.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from itertools import accumulate
from queue import Empty, SimpleQueue
from typing import Any

from patchwidgets.engine.cluster_parts import Bundle, Part, tasks_of
from patchwidgets.engine.cluster_worker import Assignment, measure
from patchwidgets.engine.execute import Numbers, Shard
from patchwidgets.errors import ClusterError, ModelError, PatchwidgetsError, PlanError
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.load import loader_of

POLL_SECONDS = 0.2
"""How long a cancel may wait."""

GATHER_SECONDS = 2.0
"""How long a result may travel before its worker is looked for."""

PATIENCE_SECONDS = 60.0
"""How long a cluster may be without any worker before it is given up: a lost one may come back."""

TRIES = 3
"""How often a shard is given to the cluster. Dask itself gives it to several workers each time, if
they die of it."""

NEEDED = ("submit", "cancel", "nthreads", "status")
"""What a Dask client has and is used here."""


class Cluster:
    """The workers that a Dask client reaches, for one model.

    Args:
        client: A `distributed.Client`.
        model: The model that every worker loads by itself.

    Raises:
        PlanError: It is no client, it is one for `await`, or it is closed.
        ModelError: Other processes cannot load the model, or it carries hooks they would lack.
    """

    def __init__(self, client: Any, model: LensModel) -> None:
        _require_client(client)
        hooks = model.callers_hooks()
        if hooks:
            raise ModelError(
                f"`{model.spec.name}` carries hooks of yours ({', '.join(hooks[:3])}). Workers "
                "load their own copy, which lacks them, and would measure another model. Take them "
                "off (`model.reset_hooks()`), or measure without `client`."
            )
        self._client = client
        self.load = _packed(loader_of(model.bridge), "the function that makes the model")
        self.about: dict[str, Any] = {}
        """For the provenance: how many workers measured, of which kinds, how many shards, by cells
        or by prompts, bytes that travel to each worker first, and shards that had to be given to
        the cluster again."""

    def size(self) -> int:
        """Return the number of workers there are now."""
        return len(_workers(self._client))

    def elsewhere(
        self, assignment: Assignment
    ) -> Callable[
        [Sequence[Shard], Callable[[], None]], Generator[tuple[int, Numbers], None, None]
    ]:
        """Return what measures shards of one plan.

        Raises:
            PlanError: A metric or a source cannot be sent.
        """
        packed = _packed(assignment, "a metric or a source of yours")
        sizes = [len(group.members) for group in assignment.prompts.groups]
        may_divide = assignment.source is None  # `resample` draws partners from the whole group
        self.about |= {"workers": 0, "kinds": [], "shards": 0, "redone": 0}
        self.about["bytes_per_worker"] = len(packed)

        def measured(
            shards: Sequence[Shard], check: Callable[[], None]
        ) -> Generator[tuple[int, Numbers], None, None]:
            bundles = tasks_of(shards, sizes, self.size(), may_divide=may_divide)
            return self._measured(packed, bundles, check)

        return measured

    def _measured(
        self, packed: bytes, bundles: Sequence[Bundle], check: Callable[[], None]
    ) -> Generator[tuple[int, Numbers], None, None]:
        parts = [part for bundle in bundles for part in bundle.parts]
        begins = accumulate((len(bundle.parts) for bundle in bundles), initial=0)
        owner = [(one, at) for one, at in zip(bundles, begins, strict=False) for _ in one.parts]
        divided = len(parts) > len(bundles)
        self.about |= {"shards": len(parts), "divided": "prompts" if divided else "cells"}
        workers: set[str] = set()
        kinds: set[str] = set()
        there: dict[int, Any] = {}
        with _Flight(self._client, packed) as flight:
            for place, part in enumerate(parts):
                flight.send(place, part)
            for place, (worker, kind, numbers) in flight.results(check):
                workers.add(worker)
                kinds.add(kind)
                self.about |= {"workers": len(workers), "kinds": sorted(kinds)}
                self.about["redone"] = flight.redone
                there[place] = numbers
                bundle, begin = owner[place]
                together = range(begin, begin + len(bundle.parts))
                if all(at in there for at in together):
                    yield from bundle.joined([there.pop(at) for at in together])


class _Flight:
    """Parts on their way. Each gives one result, whichever worker makes it; they end with this.

    Args:
        client: The client.
        packed: The pickled assignment. It is a result of the cluster itself, so that workers hand
            it on among themselves, and it is made again where it is lost.
    """

    def __init__(self, client: Any, packed: bytes) -> None:
        self.redone = 0
        self._client = client
        self._packed = packed
        self._assignment: Any = None
        self._flying: dict[str, tuple[int, Part, Any]] = {}
        self._tries: Counter[int] = Counter()
        self._ended: SimpleQueue[Any] = SimpleQueue()
        self._seen = time.monotonic()

    def __enter__(self) -> "_Flight":
        return self

    def __exit__(self, *_: object) -> None:
        if self._flying and self._client.status == "running":
            self._client.cancel([future for *_, future in self._flying.values()])

    def send(self, place: int, part: Part) -> None:
        """Give a part to the cluster."""
        if self._assignment is None or self._assignment.status in ("cancelled", "lost", "error"):
            self._assignment = self._client.submit(bytes, self._packed, pure=False)
        future = self._client.submit(measure, self._assignment, *part, pure=False)
        self._tries[place] += 1
        self._flying[future.key] = place, part, future
        future.add_done_callback(self._ended.put)

    def results(self, check: Callable[[], None]) -> Generator[tuple[int, Any], None, None]:
        """Yield place and result of every part, in the order in which they end.

        Raises:
            ClusterError: A worker failed, or nobody is left.
        """
        while self._flying:
            check()
            try:
                future = self._ended.get(timeout=POLL_SECONDS)
            except Empty:
                self._look()
                continue
            if future.key not in self._flying:
                continue
            if future.status != "finished":
                self._again(*self._flying.pop(future.key))
                continue
            try:
                result = future.result(timeout=GATHER_SECONDS)
            except TimeoutError:  # its worker may be lost; then Dask makes it again elsewhere
                self._ended.put(future)
                self._look()
                continue
            self._seen = time.monotonic()
            place, *_ = self._flying.pop(future.key)
            yield place, result

    def _again(self, place: int, part: Part, future: Any) -> None:
        """Give a part to the cluster again if its worker was lost, and raise if it failed."""
        problem = future.exception() if future.status == "error" else None
        if isinstance(problem, PatchwidgetsError):
            raise problem
        if problem is not None and type(problem).__name__ != "KilledWorker":
            raise ClusterError(
                f"A worker failed: {type(problem).__name__}: {problem}. The scheduler and all "
                "workers need the packages that are installed here, patchwidgets included, in the "
                "same versions. Install them there. What was measured is kept."
            )
        tries = self._tries[place]
        if tries >= TRIES or self._client.status != "running":
            often = "once" if tries == 1 else f"{tries} times"
            raise ClusterError(
                f"Some cells were lost {often} with the worker that measured "
                f"them ({problem or future.status}). Workers most often die because their memory "
                "ran out. Give each more memory, give fewer prompt pairs, or set `memory=` of the "
                "study. What was measured is kept: sweep again to go on."
            )
        self.redone += 1
        self.send(place, part)

    def _look(self) -> None:
        """Give up where nobody has been left for long."""
        if _workers(self._client):
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > PATIENCE_SECONDS or self._client.status == "closed":
            raise _nobody(self._client)


def _workers(client: Any) -> list[str]:
    """Return the addresses of the workers there are now; none where the scheduler is away."""
    if client.status != "running":
        return []
    try:
        return list(client.nthreads())
    except OSError:
        return []


def _nobody(client: Any) -> ClusterError:
    return ClusterError(
        f"The cluster of `client` ({client.status}) has had no worker for {PATIENCE_SECONDS:.0f} "
        "seconds, so nobody can measure. Start workers, or a new cluster, and sweep again: what "
        "was measured is kept. Without `client` this process measures."
    )


def _require_client(client: Any) -> None:
    missing = [f"`{name}`" for name in NEEDED if not hasattr(client, name)]
    make = "`from distributed import Client` and `client = Client(...)`"
    if missing:
        raise PlanError(
            f"`client` is a `{type(client).__name__}`, which has no {' and no '.join(missing)}. It "
            f"needs to be a Dask client, whose workers measure. Type {make}, with the address of a "
            "scheduler or a cluster in it."
        )
    if getattr(client, "asynchronous", False):
        raise PlanError(
            "`client` was made with `asynchronous=True`, for code that awaits. A sweep waits in a "
            f"thread of its own, so it needs a plain one. Type {make}, without `asynchronous`."
        )
    if client.status != "running":
        raise PlanError(
            f"`client` is not connected to its scheduler ({client.status}). Type {make} again, or "
            "leave `client` out to measure in this process."
        )


def _packed(what: object, named: str) -> bytes:
    """Return an object as bytes; functions of a notebook travel by their code.

    Raises:
        PlanError: It cannot be pickled.
    """
    import cloudpickle

    try:
        return cloudpickle.dumps(what)
    except Exception as problem:  # whatever an object's own pickling raises
        raise PlanError(
            f"Workers cannot be sent {named}: {type(problem).__name__}: {problem}. Everything that "
            "travels must pickle. Use a plain function that holds no open file, lock or model."
        ) from None
