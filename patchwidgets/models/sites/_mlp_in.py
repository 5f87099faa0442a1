"""What a block's MLP reads. Only paths end there: a patch of it is one of what `mlp_out` writes."""

from patchwidgets.models.sites._site import Site

MLP_IN = Site(
    name="mlp_in",
    title="MLP input",
    hook="blocks.{layer}.mlp.hook_in",
    stage="inside",
    needs_mlp=True,
)
