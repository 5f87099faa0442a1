"""How far two measurements of one thing may be apart."""

from patchwidgets.models.bridge import LensModel


def tolerance(model: LensModel) -> float:
    """Return the largest difference that counts as rounding, relative to values above 1."""
    return 1e-3 if model.dtype.itemsize >= 4 else 0.1
