"""Put another text into a module that is loaded: its functions get the code of the other text.

Whoever holds a function holds it still, in whatever it is wrapped, and runs the other code.
"""

import ast
import gc
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType


def graft(module: str, source: str) -> None:
    """Let the functions of a module run what they are in another text.

    Args:
        module: Its name.
        source: Like its own text, except inside its functions.

    Raises:
        LookupError: What is different in the other text is in no function that anybody holds.
    """
    loaded = importlib.import_module(module)
    assert loaded.__file__ is not None
    file = Path(loaded.__file__)
    plain = ast.unparse(ast.parse(file.read_text(encoding="utf-8")))

    def functions(text: str | bytes) -> list[CodeType]:
        # The loader adds the checks of shapes that tests run with.
        loader = loaded.__spec__.loader  # pyright: ignore[reportOptionalMemberAccess]
        return list(_functions(loader.source_to_code(text, str(file))))  # type: ignore[union-attr]

    own, other = functions(file.read_bytes()), functions(source.encode())
    pairs = dict(zip(own, other, strict=True))
    wanted = {new for new, old in zip(other, functions(plain.encode()), strict=True) if new != old}
    for held in [one for one in gc.get_objects() if type(one) is FunctionType]:
        if held.__code__.co_filename == str(file) and held.__code__ in pairs:
            held.__code__ = pairs[held.__code__]
            wanted.discard(held.__code__)
    if wanted:
        raise LookupError(f"Nobody holds {', '.join(one.co_qualname for one in wanted)}.")


def _functions(code: CodeType) -> Iterator[CodeType]:
    """Yield the functions of a module or class, without those inside functions."""
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if one.co_flags & inspect.CO_OPTIMIZED:
                yield one
            else:
                yield from _functions(one)
