"""What a plan is told about each family, and which models are refused."""

import re

import pytest
import torch

from patchwidgets.errors import ModelError
from patchwidgets.models.bridge import LensModel
from tests.families import FAMILIES, VOCABULARY, bridge_of, tiny

SIZES = {"n_layers": 3, "n_heads": 4, "d_model": 32, "d_head": 8, "d_vocab": VOCABULARY}
SPECS = {
    "gpt2": {
        "family": "GPT2LMHeadModel",
        "n_kv_heads": 4,
        "d_mlp": 128,
        "gated_mlp": False,
        "parallel": False,
    },
    "llama": {
        "family": "LlamaForCausalLM",
        "n_kv_heads": 2,
        "d_mlp": 64,
        "gated_mlp": True,
        "parallel": False,
    },
    "pythia": {
        "family": "GPTNeoXForCausalLM",
        "n_kv_heads": 4,
        "d_mlp": 64,
        "gated_mlp": False,
        "parallel": True,
    },
}


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_spec_of_each_family(family):
    spec = LensModel(tiny(family)).spec
    wanted = SIZES | SPECS[family] | {"name": f"tiny-{family}", "n_ctx": 64}
    assert spec.to_json() == wanted
    assert hash(spec) == hash(LensModel(tiny(family)).spec)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_multiply_adds_are_the_sizes_of_the_weights(family):
    spec = LensModel(tiny(family)).spec
    matrices = {
        name: weight.numel()
        for name, weight in FAMILIES[family]().state_dict().items()
        if re.search(r"\b(h|layers)\.1\.", name) and weight.ndim == 2
    }
    attention = sum(count for name, count in matrices.items() if "att" in name)
    assert attention == spec.attention_weights
    assert sum(matrices.values()) - attention == spec.mlp_weights


def test_query_heads_that_share_a_key_value_head_are_counted():
    assert LensModel(tiny("llama")).spec.heads_per_kv_head == 2
    assert LensModel(tiny("gpt2")).spec.heads_per_kv_head == 1


def fresh(name):
    torch.manual_seed(0)
    return bridge_of(FAMILIES["gpt2"](), name)


def test_a_model_that_attends_in_both_directions_is_refused():
    model = fresh("two-way")
    model.cfg.attention_dir = "bidirectional"
    with pytest.raises(
        ModelError,
        match=r"^`two-way` attends in both directions\. Patching here reads the answer at the last "
        r"position of a causal language model\. Load a decoder such as `gpt2`\.$",
    ):
        LensModel(model)


def test_a_model_without_a_stack_of_blocks_is_refused():
    model = fresh("no-norm")
    del model._modules["ln_final"]
    with pytest.raises(
        ModelError,
        match=r"^`no-norm` \(GPT2LMHeadModel\) has no ln_final\. Patching needs a plain stack of "
        r"blocks with a final norm and an unembedding\.$",
    ):
        LensModel(model)
