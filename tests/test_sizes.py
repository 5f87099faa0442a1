"""How large a shared map with its drill-downs is, on models as large as those people share."""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from tests.families import PAIRS, bridge_of, study_of

EIGHT = {
    name: (given * 3)[:8] if isinstance(given, list) else given for name, given in PAIRS.items()
}


@pytest.fixture(scope="module")
def study():
    """A head map of 12 layers of 12 heads on 8 pairs, and what feeds its 20 strongest heads."""
    torch.manual_seed(0)
    config = GPT2Config(n_layer=12, n_head=12, n_embd=48, n_positions=32, vocab_size=64)
    made = study_of(bridge_of(GPT2LMHeadModel(config).eval(), "wide"), EIGHT, store=False)
    made.sweep("heads").wait()
    made.bake(top=20, inputs=["q"]).wait()
    return made


def test_a_head_map_with_twenty_drill_downs_is_small_enough_to_be_sent(study):
    size = study.size()
    assert size.maps == 21
    assert max(size.file, size.page, size.output) < 300_000
    assert min(size.file, size.page, size.output) > 50_000
