"""Synthetic circuits for tests that need no model."""

from dataclasses import replace

from tests import make_circuit_fixtures as synthetic

SPEC = replace(synthetic.SPEC, name="tiny", n_layers=3, n_heads=4, n_kv_heads=2)
LAST = synthetic.measured(runs=((2.8, 2.79),))
"""The whole universe does nearly nothing."""
