"""Which rules there are, and which of them are to be silent in this session."""

from collections.abc import Collection

from patchwidgets.registry import Registry, one_of

RULES = Registry("patchwidgets.advice", "advice rule")
"""Every rule, by file name."""

_silenced: set[str] = set()


def silence(*names: str) -> None:
    """Let these rules give no advice until `restore`, in this Python session.

    Raises:
        UnknownNameError: There is no rule of that name.
    """
    _silenced.update(_known(names))


def restore(*names: str) -> None:
    """Let these rules give advice again; all of them if none is named.

    Raises:
        UnknownNameError: There is no rule of that name.
    """
    _silenced.difference_update(_known(names) if names else set(_silenced))


def silenced() -> frozenset[str]:
    """Return the rules that are silent in this session."""
    return frozenset(_silenced)


def _known(names: Collection[str]) -> list[str]:
    known = RULES.names()
    return [one_of("advice rule", name, known) for name in names]
