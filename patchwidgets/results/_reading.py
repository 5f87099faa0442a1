"""What every document that this package wrote goes through when it is read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from patchwidgets.errors import FileError
from patchwidgets.results._document import Part, damaged

P = TypeVar("P", bound=Part)


def parsed(path: Path) -> object:
    """Return the JSON document in a file that is there.

    Raises:
        FileError: It cannot be read, or is not JSON from beginning to end.
    """
    where = f"`{path}`"
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text, parse_constant=_refuse_constant)
        if "\\ud" in text.lower():
            json.dumps(document, ensure_ascii=False).encode()
    except OSError as problem:
        raise FileError(
            f"{where} cannot be read: {problem.strerror or problem}. Check that you may read it, "
            "or use another copy."
        ) from None
    except UnicodeDecodeError:
        raise damaged(where, "it is not text") from None
    except UnicodeEncodeError:
        raise damaged(where, "it has half of a character") from None
    except (json.JSONDecodeError, _UnknownConstantError, RecursionError) as error:
        raise damaged(where, f"it is not complete JSON ({error})") from None
    except ValueError:  # Python's own advice is to allow more of them
        raise damaged(where, "a number in it has thousands of digits") from None
    return document


class _UnknownConstantError(ValueError):
    """Python reads a word as a number that JSON does not have."""


def _refuse_constant(name: str) -> None:
    raise _UnknownConstantError(f"it has {name}, which JSON does not know")


def refuse_newer(data: Mapping[str, Any], what: str, known: int, where: str) -> None:
    """Refuse a document whose fields may mean something else.

    Args:
        data: The document.
        what: Documents of its kind, such as `studies`.
        known: The newest version that is understood.
        where: What the document is called in messages.

    Raises:
        FileError: Its version is newer.
    """
    version = data.get("schema_version")
    if isinstance(version, int) and version > known:
        raise FileError(
            f"{where} has schema version {version}, but this patchwidgets reads {what} up to "
            f"version {known}, and a field of a newer version may mean something else. Upgrade "
            "with `pip install --upgrade patchwidgets`."
        )


def validated(data: object, part: type[P], where: str) -> P:
    """Return a document whose fields are what `part` says.

    Raises:
        FileError: The first that is not.
    """
    try:
        return part.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(step) for step in first["loc"])
        raise damaged(where, f"field `{field}`: {first['msg'].rstrip('.').lower()}") from None
