"""A labelled setting of what is shown."""

from patchwidgets.views._wire import Wire

__all__ = ["Fact"]


class Fact(Wire):
    """One labelled setting, such as `model` and `smollm2-135m`."""

    label: str
    value: str
