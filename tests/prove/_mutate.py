"""Changes to JSON documents, such as a careless edit, a cut download or an enemy make."""

import base64
import copy
import json
import random
import zlib
from contextlib import suppress
from typing import Any

HOSTILE: tuple[str, ...] = (
    "<script>window.harmed=1</script>",
    '"><img src=x onerror=window.harmed=1>',
    "javascript:window.harmed=1",
    "\u202eevil\u202c",
    '=HYPERLINK("http://example.com")',
    "../../../../etc/passwd",
    "{{7*7}}",
    "\x00\x1b[31m",
    "\ud800",
    "L" * 100_000,
    "",
)

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, -(2**63), 10**400, 0.5, -0.0, 1e308, [], {}, [[]], [None],
    "NaN", "Infinity", *HOSTILE,
)  # fmt: skip

BOMB = base64.b64encode(zlib.compress(bytes(50_000_000), 9)).decode()
"""A short text that unpacks to 50 MB."""


def mutate(document: Any, chance: random.Random) -> bytes:
    """Return a document as a file would hold it, changed in one to four places."""
    changed = copy.deepcopy(document)
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        with suppress(RecursionError):  # it is nested deeper by now than Python copies
            changed = chance.choice(CHANGES)(changed, chance)
    try:
        text = json.dumps(changed).encode("utf-8", "surrogatepass")
    except RecursionError:  # nor can it be written
        return mutate(document, chance)
    return chance.choice(BYTES)(text, chance) if chance.random() < 0.25 else text


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container in a document with each of its keys or indices."""
    found, holders = [], [value]
    while holders:
        holder = holders.pop()
        if isinstance(holder, dict | list):
            keys = list(holder) if isinstance(holder, dict) else range(len(holder))
            found += [(holder, key) for key in keys]
            holders += [holder[key] for key in keys]
    return found


def _replace(document: Any, chance: random.Random) -> Any:
    holder, key = _somewhere(document, chance)
    holder[key] = copy.deepcopy(chance.choice(ODD))
    return document


def _remove(document: Any, chance: random.Random) -> Any:
    holder, key = _somewhere(document, chance)
    del holder[key]
    return document


def _swap(document: Any, chance: random.Random) -> Any:
    (one, this), (other, that) = _somewhere(document, chance), _somewhere(document, chance)
    one[this], other[that] = copy.deepcopy(other[that]), copy.deepcopy(one[this])
    return document


def _repeat(document: Any, chance: random.Random) -> Any:
    lists = [holder[key] for holder, key in places(document) if isinstance(holder[key], list)]
    if lists:
        chosen = chance.choice(lists)
        chosen.extend(copy.deepcopy(chosen) * chance.choice([1, 1, 50]))
    return document


def _add(document: Any, chance: random.Random) -> Any:
    holder, _ = _somewhere(document, chance)
    if isinstance(holder, dict):
        holder[chance.choice(["__class__", "constructor", "__proto__", "extra", *HOSTILE])] = {}
    return document


def _nest(document: Any, chance: random.Random) -> Any:
    holder, key = _somewhere(document, chance)
    for _ in range(chance.choice([1, 5, 400])):
        holder[key] = [holder[key]]
    return document


def _number(document: Any, chance: random.Random) -> Any:
    numbers = [(h, k) for h, k in places(document) if type(h[k]) in (int, float)]
    if numbers:
        holder, key = chance.choice(numbers)
        holder[key] = chance.choice([holder[key] + 1, -holder[key] - 1, holder[key] * 10**9, 0.5])
    return document


def _text(document: Any, chance: random.Random) -> Any:
    texts = [(h, k) for h, k in places(document) if isinstance(h[k], str) and h[k]]
    if texts:
        holder, key = chance.choice(texts)
        at = chance.randrange(len(holder[key]))
        holder[key] = holder[key][:at] + chance.choice(["", "A", "=", *HOSTILE]) + holder[key][at:]
    return document


def _data(document: Any, chance: random.Random) -> Any:
    packed = [(h, k) for h, k in places(document) if k == "data" and isinstance(h[k], str)]
    if packed:
        holder, key = chance.choice(packed)
        cut = holder[key][: chance.randrange(len(holder[key]) + 1)]
        holder[key] = chance.choice(
            [BOMB, cut, cut + "!!", base64.b64encode(b"\x80\x04.").decode()]
        )
    return document


def _somewhere(document: Any, chance: random.Random) -> tuple[Any, Any]:
    """Return a place near the top as often as one far down, where most are."""
    found = places(document)
    if not found:
        return [document], 0
    if chance.random() < 0.5:
        return chance.choice(found)
    at = document, chance.choice(list(document) if isinstance(document, dict) else [0])
    while chance.random() < 0.7:
        inner = at[0][at[1]]
        if not isinstance(inner, dict | list) or not inner:
            break
        keys = list(inner) if isinstance(inner, dict) else range(len(inner))
        at = inner, chance.choice(keys)
    return at


def _cut(text: bytes, chance: random.Random) -> bytes:
    return text[: chance.randrange(len(text) + 1)]


def _flip(text: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << chance.randrange(8))]) + text[at + 1 :]


def _insert(text: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(text))
    piece = chance.choice([b"\x00", b"\xff\xfe", b"NaN", b'"', b"}", b"[" * 5000, b"1" * 5000])
    return text[:at] + piece + text[at:]


def _double(text: bytes, chance: random.Random) -> bytes:
    return text + chance.choice([text, b"\n{}", b"garbage"])


def _other_encoding(text: bytes, chance: random.Random) -> bytes:
    return text.decode("utf-8", "replace").encode(chance.choice(["utf-16", "utf-8-sig"]))


CHANGES = (
    _replace, _replace, _remove, _swap, _repeat, _add, _nest, _number, _number, _text, _data,
)  # fmt: skip
BYTES = (_cut, _flip, _insert, _double, _other_encoding)
