"""The form of a saved result, checked by pydantic before anything is believed."""

import base64
import math
import zlib
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, Strict

from patchwidgets.errors import FileError, clipped
from patchwidgets.plans.plan import Form
from patchwidgets.results._provenance import ProvenancePart
from patchwidgets.types import Direction, Unit

Count = Annotated[int, Field(ge=0)]
Several = Annotated[list[str], Field(min_length=1)]
Precision = Literal["float64", "exact", "float16"]
"""How numbers are stored. `exact`: as float32 where no number of an array changes by it, otherwise
as float64. `float16` keeps three to four digits: of logits between 16 and 32 steps of 0.016."""

DType = Literal["float64", "float32", "float16", "uint8"]
AxisPart = Annotated[tuple[str, list[str | int]], Strict(False)]


class Part(BaseModel):
    """A part of the document: exact types, and no field beyond those declared."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ArrayPart(Part):
    """An array as base64: C order, little-endian.

    Where it is `packed`, the first bytes of all numbers stand before their second bytes and so on,
    which are more alike than the bytes of one number are, and zlib has packed that.
    """

    dtype: DType
    shape: list[Count]
    data: str
    packed: bool = False

    @classmethod
    def pack(cls, array: np.ndarray, precision: Precision = "float64") -> dict[str, Any]:
        """Return the array as a plain dict.

        Raises:
            FileError: A number is too large for `precision`.
        """
        dtype: DType = "uint8" if array.dtype == np.uint8 else _dtype(array, precision)
        raw = np.ascontiguousarray(array, dtype=_STORED[dtype]).tobytes()
        small = raw if precision == "float64" else zlib.compress(_by_byte(raw, dtype), 9)
        stored = min(raw, small, key=len)
        data = base64.b64encode(stored).decode("ascii")
        part = cls(dtype=dtype, shape=list(array.shape), data=data, packed=stored is not raw)
        return part.model_dump(exclude_defaults=True)

    def unpack(self, name: str, shape: tuple[int, ...], where: str) -> np.ndarray:
        """Return the array, which the rest of the document says has this `shape`.

        Raises:
            FileError: Its shape or its length is another.
        """
        if tuple(self.shape) != shape:
            raise damaged(
                where,
                f"array `{name}` has the shape {self.shape}, but the plan, the metrics and the "
                f"prompts make it {list(shape)}",
            )
        try:
            raw = base64.b64decode(self.data, validate=True)
        except ValueError:  # letters that base64 lacks, ASCII or not
            raise damaged(where, f"array `{name}` is not base64") from None
        dtype = np.dtype(_STORED[self.dtype])
        needed = math.prod(shape) * dtype.itemsize
        if self.packed:
            raw = self._unpacked(raw, needed, name, where)
        if len(raw) != needed:
            raise damaged(where, f"array `{name}` has {len(raw)} bytes instead of {needed}")
        if self.packed:
            raw = np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, -1).T.tobytes()
        known = np.uint8 if self.dtype == "uint8" else np.float64
        return np.frombuffer(raw, dtype).reshape(shape).astype(known)

    def _unpacked(self, raw: bytes, needed: int, name: str, where: str) -> bytes:
        """Return at most one byte more than is needed, whatever the file claims."""
        try:
            return zlib.decompressobj().decompress(raw, needed + 1)
        except zlib.error:
            raise damaged(where, f"array `{name}` does not unpack") from None


_STORED: dict[DType, str] = {
    "float64": "<f8",
    "float32": "<f4",
    "float16": "<f2",
    "uint8": "u1",
}


def _by_byte(raw: bytes, dtype: DType) -> bytes:
    """Return the first bytes of all numbers, then their second bytes and so on."""
    return np.frombuffer(raw, np.uint8).reshape(-1, np.dtype(_STORED[dtype]).itemsize).T.tobytes()


def _dtype(array: np.ndarray, precision: Precision) -> DType:
    if precision == "float64":
        return "float64"
    if precision == "exact":
        with np.errstate(over="ignore"):
            same = np.array_equal(array.astype(np.float32), array, equal_nan=True)
        return "float32" if same else "float64"
    largest = float(np.nanmax(np.abs(array), initial=0))
    if largest > float(np.finfo(np.float16).max):
        raise FileError(
            f"A number of this result is {largest:.4g}, and `float16` ends at 65504. Save it "
            "without `precision`, which keeps every digit."
        )
    return "float16"


class ArraysPart(Part):
    """All numbers: values metric by patch by row, status patch by row, both baselines.

    A row is a prompt pair, or one of its `draws` of noise.
    """

    values: ArrayPart
    status: ArrayPart
    clean: ArrayPart
    corrupted: ArrayPart


class NodesPart(Part):
    """A plain patch."""

    nodes: Several


class PathPart(Part):
    """A path patch."""

    sender: str
    receivers: Several
    through: list[Several] = []


class SendersPart(Part):
    """The paths of many senders into the same receivers, written once."""

    senders: Several
    receivers: Several
    through: list[Several] = []

    def paths(self) -> list[PathPart]:
        """Return one path for every sender."""
        return [
            PathPart(sender=sender, receivers=self.receivers, through=self.through)
            for sender in self.senders
        ]


class MapPart(Part):
    """How patches lie on axes."""

    name: str
    axes: list[AxisPart]
    cells: list[Count | None]


class BucketsPart(Part):
    """Positions by bucket and prompt pair."""

    names: list[str]
    places: list[list[list[Count]]]


class PlanPart(Part):
    """What `Plan.to_json` writes."""

    name: str
    form: Form | None
    patches: list[NodesPart | PathPart] | SendersPart
    maps: Annotated[list[MapPart], Field(min_length=1)]
    buckets: BucketsPart | None = None


class MetricPart(Part):
    """What a `MetricInfo` holds."""

    name: str
    label: str
    unit: Unit


class EstimatePart(Part):
    """What an `Estimate` holds: values metric by patch by prompt, which were not measured."""

    method: str
    options: dict[str, Any]
    signed: bool
    values: ArrayPart


class Document(Part):
    """A saved result."""

    format: str
    schema_version: int
    plan: PlanPart
    metrics: Annotated[list[MetricPart], Field(min_length=1)]
    direction: Direction
    groups: Annotated[list[str], Field(min_length=1)]
    provenance: ProvenancePart
    arrays: ArraysPart
    estimate: EstimatePart | None = None
    draws: Annotated[int, Field(ge=1)] = 1


def damaged(where: str, what: str) -> FileError:
    """Return the error for a document that was ours once."""
    return FileError(
        f"{clipped(where)} is damaged: {clipped(what)}. It was cut short or changed after it was "
        "saved, so its numbers cannot be trusted. Use another copy, or measure and save it again."
    )
