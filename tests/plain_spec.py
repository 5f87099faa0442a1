"""Sizes of a model that is small enough to count its arithmetic by hand."""

from patchwidgets.models.spec import ModelSpec

SPEC = ModelSpec(
    name="tiny",
    family="tiny",
    n_layers=3,
    n_heads=2,
    n_kv_heads=1,
    d_model=4,
    d_head=2,
    d_mlp=8,
    d_vocab=9,
    n_ctx=9,
    gated_mlp=True,
    parallel=False,
)
