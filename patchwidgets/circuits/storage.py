"""A circuit on disk: one JSON document with base64 arrays, which needs no Python to be read."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from patchwidgets.circuits.circuit import Circuit
from patchwidgets.circuits.pinned import Drawn
from patchwidgets.circuits.random_circuits import Layers
from patchwidgets.circuits.universe import Mlps
from patchwidgets.errors import FileError, PatchwidgetsError, clipped
from patchwidgets.nodes import Node, parse_node
from patchwidgets.results._document import ArrayPart, Count, MetricPart, Part, Precision, damaged
from patchwidgets.results._provenance import ProvenancePart
from patchwidgets.results._reading import refuse_newer, validated
from patchwidgets.results.measured import IDENTITY, Baseline, MetricInfo
from patchwidgets.results.result import Result

FORMAT = "patchwidgets-circuit"

SCHEMA_VERSION = 1
"""Raised whenever a field changes its meaning; older readers refuse newer files."""


class DrawnPart(Part):
    """What a `Drawn` holds."""

    name: str
    effect: float | None
    normalized: float | None
    metric: str
    form: str


class CircuitPart(Part):
    """What a `Circuit` holds."""

    nodes: Annotated[list[str], Field(min_length=1)]
    universe: Annotated[list[str], Field(min_length=1)]
    mlps: Mlps
    random: list[list[str]]
    layers: Layers
    seed: int
    order: list[str]
    sizes: list[Count]


class ArraysPart(Part):
    """All numbers: values metric by patch by row, status patch by row, both unpatched runs."""

    values: ArrayPart
    status: ArrayPart
    clean: ArrayPart
    corrupted: ArrayPart


class CircuitDocument(Part):
    """A saved circuit."""

    format: str
    schema_version: int
    circuit: CircuitPart
    effects: list[DrawnPart]
    paths: list[DrawnPart]
    metrics: Annotated[list[MetricPart], Field(min_length=1)]
    groups: Annotated[list[str], Field(min_length=1)]
    provenance: ProvenancePart
    arrays: ArraysPart
    draws: Annotated[int, Field(ge=1)]


def pack(
    circuit: Circuit, measured: Result, parts: Mapping[str, Any], precision: Precision = "float64"
) -> dict[str, Any]:
    """Return the document of a circuit, as it is now.

    Args:
        circuit: The nodes and what is measured of them.
        measured: The runs.
        parts: `effects` and `paths`.
        precision: Of its numbers.

    Raises:
        FileError: A number is too large for `precision`.
    """
    values, status, baseline = measured.numbers()
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "circuit": {
            "nodes": _written(circuit.nodes),
            "universe": _written(circuit.universe),
            "mlps": circuit.mlps,
            "random": [_written(nodes) for nodes in circuit.random],
            "layers": circuit.layers,
            "seed": circuit.seed,
            "order": _written(circuit.order),
            "sizes": list(circuit.sizes),
        },
        "effects": [one.to_json() for one in parts["effects"]],
        "paths": [one.to_json() for one in parts["paths"]],
        "metrics": [asdict(metric) for metric in measured.metrics],
        "groups": list(measured.groups),
        "provenance": dict(measured.provenance),
        "arrays": {
            "values": ArrayPart.pack(values, precision),
            "status": ArrayPart.pack(status, precision),
            "clean": ArrayPart.pack(baseline.clean, precision),
            "corrupted": ArrayPart.pack(baseline.corrupted, precision),
        },
        "draws": measured.draws,
    }


def unpack(data: object, where: str) -> tuple[Circuit, Result, dict[str, tuple[Drawn, ...]]]:
    """Return what `pack` was given.

    Args:
        data: The document, parsed.
        where: What the document is called in messages.

    Raises:
        FileError: The document is not a circuit, is too new, or does not hold together.
    """
    document = _validate(data, where)
    circuit = _circuit(document.circuit, where)
    n_metrics, n_rows = len(document.metrics), len(document.groups) * document.draws
    n_patches = len(circuit.plan.patches)
    shapes = {
        "values": (n_metrics, n_patches, n_rows),
        "status": (n_patches, n_rows),
        "clean": (n_metrics, n_rows),
        "corrupted": (n_metrics, n_rows),
    }
    arrays = {
        name: getattr(document.arrays, name).unpack(name, shape, where)
        for name, shape in shapes.items()
    }
    if (arrays["status"] > IDENTITY).any():
        raise damaged(where, "array `status` holds a number that has no meaning")
    measured = Result(
        circuit.plan,
        metrics=[MetricInfo(**metric.model_dump()) for metric in document.metrics],
        direction="noising",
        baseline=Baseline(clean=arrays["clean"], corrupted=arrays["corrupted"]),
        groups=document.groups,
        provenance=document.provenance.as_saved(),
        values=arrays["values"],
        status=arrays["status"],
        draws=document.draws,
    )
    drawn = {
        name: tuple(Drawn(**one.model_dump()) for one in getattr(document, name))
        for name in ("effects", "paths")
    }
    return circuit, measured, drawn


def _validate(data: object, where: str) -> CircuitDocument:
    found = data.get("format") if isinstance(data, dict) else None
    if not isinstance(data, dict) or found != FORMAT:
        raise FileError(
            f"{where} is not a patchwidgets circuit: its `format` is {clipped(repr(found))}, not "
            f"{FORMAT!r}. "
            "`CircuitResult.load` opens what `CircuitResult.save` wrote; a map is opened with "
            "`Result.load`."
        )
    refuse_newer(data, "circuits", SCHEMA_VERSION, where)
    return validated(data, CircuitDocument, where)


def _circuit(part: CircuitPart, where: str) -> Circuit:
    try:
        circuit = Circuit(
            nodes=_parsed(part.nodes),
            universe=_parsed(part.universe),
            mlps=part.mlps,
            random=tuple(map(_parsed, part.random)),
            layers=part.layers,
            seed=part.seed,
            order=_parsed(part.order),
            sizes=tuple(part.sizes),
        )
        _require_within(circuit, where)
    except PatchwidgetsError as error:
        raise damaged(where, f"field `circuit`: {str(error).split('. ')[0]}") from None
    return circuit


def _require_within(circuit: Circuit, where: str) -> None:
    members = {str(node) for node in circuit.universe}
    for nodes in (circuit.nodes, circuit.order, *circuit.random):
        for node in nodes:
            if str(node).partition("@")[0] not in members:
                raise FileError(f"`{node}` is not in the universe")
    if any(size > len(circuit.order) for size in circuit.sizes) or not circuit.sizes:
        raise FileError("`sizes` does not fit `order`")


def _written(nodes: tuple[Node, ...]) -> list[str]:
    return [str(node) for node in nodes]


def _parsed(nodes: list[str]) -> tuple[Node, ...]:
    return tuple(map(parse_node, nodes))
