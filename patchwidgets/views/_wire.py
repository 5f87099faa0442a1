"""How a picture travels: one JSON header and one block of bytes, with every array in the block."""

import base64
import json
import zlib
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 4
"""Raised whenever a field comes or changes its meaning; older readers refuse newer payloads. What
came with 2 (`Heatmap.estimate`, `MetricColumn.noise_floor`), 3 (`Explorer.view`) and 4 is optional,
and advice may still be the plain sentences that it was before 3, so that older payloads open."""

MIME_TYPE = "application/vnd.patchwidgets.v1+json"
"""The type under which a notebook output carries a payload."""


class Wire(BaseModel):
    """A part of a payload: immutable, no field beyond those declared, no NaN outside arrays."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
    )


class ArrayRef(Wire):
    """Where an array lies in the payload's bytes: C order, little-endian.

    NaN in a float array means not measured.
    """

    dtype: Literal["float32", "uint8"]
    shape: list[Annotated[int, Field(ge=0)]]
    offset: Annotated[int, Field(ge=0, multiple_of=4)]
    """Bytes from the start of the block."""


class ArrayBlock:
    """Collects the arrays of one payload into one block of bytes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, array: np.ndarray) -> ArrayRef:
        """Append an array (float to float32, the rest to uint8) and return where it lies."""
        kind: Literal["float32", "uint8"] = "float32" if array.dtype.kind == "f" else "uint8"
        with np.errstate(over="ignore"):  # beyond 3e38 a page has infinity
            raw = np.ascontiguousarray(array, dtype="<f4" if kind == "float32" else "u1").tobytes()
        reference = ArrayRef(dtype=kind, shape=list(array.shape), offset=self._length)
        padding = -len(raw) % 4
        self._parts.append(raw + b"\0" * padding)
        self._length += len(raw) + padding
        return reference

    def append(self, header: Any, block: bytes) -> Any:
        """Append the arrays of another block; return its header as it is with them here."""
        here = moved(header, self._length)
        padding = -len(block) % 4
        self._parts.append(block + b"\0" * padding)
        self._length += len(block) + padding
        return here

    def to_bytes(self) -> bytes:
        """Return everything added so far."""
        return b"".join(self._parts)


def moved(part: Any, by: int) -> Any:
    """Return a header, or a part of one, whose arrays lie `by` bytes further on."""
    if isinstance(part, ArrayRef):
        return part.model_copy(update={"offset": part.offset + by})
    if isinstance(part, list):
        return [moved(one, by) for one in part]
    if isinstance(part, BaseModel):
        fields = {name: moved(getattr(part, name), by) for name in type(part).model_fields}
        return part.model_copy(update=fields)
    return part


def read_array(reference: ArrayRef, block: bytes) -> np.ndarray:
    """Return the array that `reference` describes, as a read-only view of `block`."""
    dtype = np.dtype("<f4" if reference.dtype == "float32" else "u1")
    count = int(np.prod(reference.shape))
    return np.frombuffer(block, dtype, count, reference.offset).reshape(reference.shape)


def bundle(header: BaseModel, block: bytes, live_id: str = "") -> dict[str, Any]:
    """Return what a notebook output or a report stores: header as JSON, bytes as base64.

    Args:
        header: What is drawn, except for its arrays.
        block: The arrays.
        live_id: Model id of the widget that answers clicks while its kernel runs, or empty.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "header": header.model_dump(mode="json"),
        "block": base64.b64encode(block).decode("ascii"),
        "live_id": live_id,
    }


def packed(stored: dict[str, Any]) -> dict[str, Any]:
    """Return what `bundle` made with its bytes packed by zlib; `unpacked` is how many they were.

    The first bytes of all numbers stand before their second bytes and so on (`by_byte`), which are
    more alike than the bytes of one number are.
    """
    block = base64.b64decode(stored["block"])
    ordered = np.frombuffer(block, np.uint8).reshape(-1, 4).T.tobytes()
    small = base64.b64encode(zlib.compress(ordered, 9)).decode("ascii")
    return stored | {"block": small, "unpacked": len(block), "by_byte": True}


MUCH_ADVICE = 4000
"""Characters of advice from which it is packed: it says much the same of every map."""


def lean(stored: dict[str, Any]) -> dict[str, Any]:
    """Return what `packed` made with long advice packed too; the rest of the header stays."""
    advice = json.dumps(stored["header"].get("advice", []), allow_nan=False).encode()
    if len(advice) < MUCH_ADVICE:
        return stored
    small = base64.b64encode(zlib.compress(advice, 9)).decode("ascii")
    header = stored["header"] | {"advice": []}
    return stored | {"header": header, "advice": small, "advice_unpacked": len(advice)}


def header_of(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the whole header of what `bundle`, `packed` or `lean` made."""
    if "advice" not in stored:
        return stored["header"]
    advice = json.loads(zlib.decompress(base64.b64decode(stored["advice"])))
    return stored["header"] | {"advice": advice}


def block_of(stored: dict[str, Any]) -> bytes:
    """Return the arrays of what `bundle` or `packed` made."""
    block = base64.b64decode(stored["block"])
    if "unpacked" not in stored:
        return block
    unpacked = zlib.decompress(block)
    if not stored.get("by_byte"):
        return unpacked
    return np.frombuffer(unpacked, np.uint8).reshape(4, -1).T.tobytes()
