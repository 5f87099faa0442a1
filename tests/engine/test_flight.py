"""Parts on their way through a cluster that loses them, is slow or is left by every worker."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from patchwidgets.engine import cluster as clusters
from patchwidgets.engine.cluster import _Flight, _workers
from patchwidgets.engine.cluster_parts import Part
from patchwidgets.errors import ClusterError

PARTS: list[Part] = [(0, [1, 2], (0, 4)), (0, [3], (0, 4))]


class Late:
    """A future as Dask has them: it has ended, and its result may be on its way for long."""

    def __init__(self, key: str, status: str, ends: Sequence[Any]) -> None:
        self.key, self.status, self.ends = key, status, list(ends)

    def add_done_callback(self, call: Any) -> None:
        call(self)

    def exception(self) -> Any:
        return self.ends[0]

    def result(self, timeout: float) -> Any:
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end


class Scripted:
    """A client whose futures end as a script says, the assignments always well."""

    def __init__(self, *script: tuple[str, list[Any]]) -> None:
        self.status = "running"
        self.script = list(script)
        self.given: list[Any] = []
        self.cancelled: list[str] = []
        self.there: dict[str, int] = {"one": 1}

    def submit(self, function: Any, *args: Any, pure: bool) -> Late:
        assert not pure
        key = f"{function.__name__}-{len(self.given)}"
        self.given.append((function.__name__, *args))
        return Late(key, *(("finished", []) if function is bytes else self.script.pop(0)))

    def cancel(self, futures: list[Late]) -> None:
        self.cancelled += [future.key for future in futures]

    def nthreads(self) -> dict[str, int]:
        return self.there


def nothing() -> None:
    pass


def fly(client: Scripted, parts: Sequence[Part] = PARTS) -> tuple[list[Any], int]:
    with _Flight(client, b"plan") as flight:
        for place, part in enumerate(parts):
            flight.send(place, part)
        return list(flight.results(nothing)), flight.redone


def test_every_part_gives_one_result_and_the_assignment_travels_once():
    client = Scripted(("finished", ["a"]), ("finished", ["b"]))
    assert fly(client) == ([(0, "a"), (1, "b")], 0)
    assignment = client.given[1][1]
    assert client.given == [
        ("bytes", b"plan"),
        ("measure", assignment, *PARTS[0]),
        ("measure", assignment, *PARTS[1]),
    ]
    assert client.cancelled == []


def test_a_result_that_travels_for_long_is_waited_for():
    client = Scripted(("finished", [TimeoutError(), "a"]), ("finished", ["b"]))
    assert fly(client) == ([(1, "b"), (0, "a")], 0)


@pytest.mark.parametrize("status", ["cancelled", "lost", "error"])
def test_an_assignment_that_is_lost_travels_again(status):
    client = Scripted(("finished", ["a"]), ("finished", ["b"]))
    with _Flight(client, b"plan") as flight:
        flight.send(0, PARTS[0])
        flight._assignment.status = status
        flight.send(1, PARTS[1])
    assert [name for name, *_ in client.given] == ["bytes", "measure", "bytes", "measure"]


def test_a_shard_that_is_lost_is_given_again_and_three_times_at_most():
    lost = ("lost", [None])
    assert fly(Scripted(lost, lost, ("finished", ["a"])), PARTS[:1]) == ([(0, "a")], 2)
    sentence = "Some cells were lost 3 times with the worker that measured them (lost). Workers"
    with pytest.raises(ClusterError, match=f"^{re.escape(sentence)}"):
        fly(Scripted(lost, lost, lost), PARTS[:1])


def test_a_shard_that_is_lost_with_the_cluster_is_not_given_again():
    client = Scripted(("lost", [None]))
    client.status = "closed"
    with pytest.raises(ClusterError, match=r"^Some cells were lost once with the worker"):
        fly(client, PARTS[:1])
    assert len(client.given) == 2


def test_what_is_under_way_is_cancelled_on_a_cluster_that_runs():
    for status, cancelled in (("running", ["measure-2"]), ("closed", [])):
        client = Scripted(("finished", ["a"]), ("finished", ["b"]))
        with _Flight(client, b"plan") as flight:
            for place, part in enumerate(PARTS):
                flight.send(place, part)
            next(flight.results(nothing))
            client.status = status
        assert client.cancelled == cancelled


def test_somebody_who_stops_is_heard_before_every_result():
    client = Scripted(("finished", ["a"]), ("finished", ["b"]))

    def stop() -> None:
        raise KeyboardInterrupt

    with _Flight(client, b"plan") as flight:
        flight.send(0, PARTS[0])
        with pytest.raises(KeyboardInterrupt):
            next(flight.results(stop))


def test_a_cluster_without_workers_is_given_up_when_patience_ends(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(clusters.time, "monotonic", lambda: now[0])
    client = Scripted()
    flight = _Flight(client, b"plan")
    now[0] += 50
    flight._look()  # there is one
    client.there = {}
    now[0] += 60
    flight._look()
    now[0] += 1
    with pytest.raises(ClusterError, match=r"^The cluster of `client` \(running\) has had no"):
        flight._look()


def test_a_cluster_that_is_closed_is_given_up_at_once():
    client = Scripted()
    flight = _Flight(client, b"plan")
    client.status = "closed"
    with pytest.raises(ClusterError, match=r"^The cluster of `client` \(closed\) has had no"):
        flight._look()


def test_workers_are_those_that_a_running_client_reaches():
    client = Scripted()
    assert _workers(client) == ["one"]
    client.status = "connecting"
    assert _workers(client) == []

    class Away(Scripted):
        def nthreads(self) -> dict[str, int]:
            raise OSError

    assert _workers(Away()) == []
