"""The parts of a provenance that views and advice read, checked before anything reads them.

Whoever makes a result may put anything else into its provenance.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

Number = int | float


class Known(BaseModel):
    """Exact types in the fields declared; any other field is kept as it is."""

    model_config = ConfigDict(extra="allow", strict=True)


class ModelPart(Known):
    """What is read of a `ModelSpec`."""

    name: str = ""
    family: str = ""
    n_heads: Annotated[int, Field(ge=1)]
    n_kv_heads: Annotated[int, Field(ge=1)]


class PromptPart(Known):
    """A prompt pair as it was measured; the four lists have an entry per token."""

    clean: list[str]
    corrupted: list[str]
    clean_ids: list[int]
    corrupted_ids: list[int]
    roles: dict[str, int]
    answers: list[str]
    wrong_answers: list[str]
    group: str
    right: bool
    noised: list[int] = []

    @model_validator(mode="after")
    def _has_one_length(self) -> "PromptPart":
        lists = (self.clean, self.corrupted, self.clean_ids, self.corrupted_ids)
        lengths = [len(one) for one in lists]
        if len(set(lengths)) > 1:
            raise ValueError(f"its tokens and ids have {lengths} entries")
        return self


class NoisePart(Known):
    """How prompts were noised."""

    k: Number
    draws: int
    sigma: Number


class KnownPart(Known):
    """Under which corruptions the model had to know the prompts, each with its site."""

    settings: list[list[str]] = []


class PairPart(Known):
    """Which prompt pair a result was taken of, and of how many."""

    prompt: Annotated[int, Field(ge=0)]
    of: Annotated[int, Field(ge=1)]


class ProvenancePart(Known):
    """A provenance; whatever was not known when it was made is left out."""

    behaviour: str = ""
    code: str = ""
    task: str | None = None
    corruption: str | None = None
    at: str | None = None
    sites: list[str] = []
    symmetric: bool | None = None
    source: str = "other"
    executor: str = ""
    dtype: str | None = None
    prepend_bos: bool | None = None
    bos_by_default: bool | None = None
    compatibility_mode: bool | None = None
    replaceable: bool = False
    model: ModelPart | None = None
    prompts: list[PromptPart] = []
    pair: PairPart | None = None
    noise: NoisePart | None = None
    known: KnownPart | None = None
    noise_floor: dict[str, Annotated[float, Field(ge=0)] | None] = {}
    hooks: list[str] = []
    top: Annotated[int, Field(ge=0)] = 0

    _saved: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _keep(cls, data: Any, handler: Callable[[Any], "ProvenancePart"]) -> "ProvenancePart":
        part = handler(data)
        part._saved = data
        return part

    def as_saved(self) -> dict[str, Any]:
        """Return the whole provenance, in its own order; what is null was left out."""
        fields = type(self).model_fields
        return {k: v for k, v in self._saved.items() if not (v is None and k in fields)}
