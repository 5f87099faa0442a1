"""The plan of one patch that is written as text: a node, or a path."""

from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, Path, parse_node
from patchwidgets.plans._grid import require_node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.paths import chosen_form, stops_of
from patchwidgets.plans.paths_from import require_sender
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.shape import PromptShape


def single(spec: ModelSpec, shape: PromptShape, written: str | Node, form: str = "pinned") -> Plan:
    """Return a plan of one patch and no map.

    Args:
        spec: The model's sizes.
        shape: The prompts' lengths and roles.
        written: A node such as `L17H4` or `L9.resid_pre@S2`, or a path such as `L17H4 -> L20H0.k`.
        form: Of a path.

    Raises:
        PlanError: A node that the model or the prompts lack, or a path that leads nowhere.
        UnknownNameError: There is no such form or site.
    """
    if isinstance(written, Node) or "->" not in written:
        node = require_node(spec, shape, parse_node(written))
        return Plan("single", (Patch((node,)),), ())
    first, _, rest = written.partition("->")
    sender = parse_node(first.strip())
    require_sender(spec, shape, sender)
    chosen = chosen_form(form)
    way, ends, reach = stops_of(spec, rest.strip(), chosen, shape)
    path = Path(sender, ends, way)
    if reach(path):
        return Plan("single", (Patch(path=path),), (), chosen)
    raise PlanError(
        f"`{sender}` cannot reach `{rest.strip()}`, which reads the residual stream before "
        f"`{sender}` writes to it. Name a receiver in a later layer."
    )
