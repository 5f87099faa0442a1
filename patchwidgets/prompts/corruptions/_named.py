"""Corruptions as people name them: by name or as objects, with a site, with a size."""

from dataclasses import fields, is_dataclass
from typing import Any

from patchwidgets.errors import PromptError
from patchwidgets.prompts.corruptions import CORRUPTIONS


def corruption_of(named: Any) -> Any:
    """Return a corruption, given by name or as an object."""
    return CORRUPTIONS.get(named) if isinstance(named, str) else named


def settings_of(named: Any) -> list[tuple[Any, str | None]]:
    """Return corruptions, each by name, as an object, or with its site, as (corruption, site)."""
    listed = [named] if isinstance(named, str) else named or []
    pairs = (one if isinstance(one, tuple) else (one, None) for one in listed)
    return [(corruption_of(one), at) for one, at in pairs]


def corruption_named(name: str, k: float | None, draws: int | None) -> Any:
    """Return a corruption with the settings that were given; its own where none were.

    Raises:
        UnknownNameError: There is no corruption of that name.
        PromptError: It has no such setting.
    """
    chosen: Any = CORRUPTIONS.get(name)
    asked = {key: value for key, value in (("k", k), ("draws", draws)) if value is not None}
    known = {one.name for one in fields(chosen)} if is_dataclass(chosen) else set[str]()
    for key in asked:
        if key not in known:
            raise PromptError(
                f"`--{key}` was given, and `{name}` has no `{key}`: it is a setting of noise. Name "
                "one, as in `--corruption gaussian_noise`, or leave it out."
            )
    return type(chosen)(**vars(chosen) | asked) if asked else name


def compared_named(text: str, k: float | None, draws: int | None) -> tuple[Any, str | None]:
    """Return a corruption and its site, from `corruption` or `corruption:site`.

    `k` and `draws` count where the corruption is noise.
    """
    name, _, site = text.partition(":")
    noise = CORRUPTIONS.get(name).acts_on == "embedding"
    return corruption_named(name, k if noise else None, draws if noise else None), site or None
