"""A model whose patched outputs can be worked out with a pencil.

Four residual dimensions, two layers, two heads, prompts of two tokens; norms that do nothing
(an epsilon of 1e12 with a weight of 1e6) and heads that attend evenly (queries are 0).

* `A`, `B`, `C` are embedded as 2 in dimension 0, 1, 2.
* L0H0 adds the mean of dimension 0 to dimension 3, L0H1 subtracts the mean of dimension 1 from it.
* The MLP of layer 0 adds relu(dimension 3) x dimension 2 to dimension 0.
* L1H0 adds twice the mean of dimension 3 to dimension 1. L1H1 and the MLP of layer 1 do nothing.
* The logit of `A` is dimension 0 + dimension 1; that of `B` is 0.

Clean `A C`: dimension 3 is 2, then 1; the MLP adds 1 x 2 = 2; L1H0 adds 2 x 1.5 = 3; in all 5.
Corrupted `B C`: dimension 3 is -2, then -1; the MLP adds 0; L1H0 adds -3; in all -3.
"""

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from tests.families import bridge_of, study_of, word_tokenizer

PAIRS = {
    "clean": ["Mary bag"],
    "corrupted": ["John bag"],
    "answers": [" Mary"],
    "wrong_answers": [" John"],
}


@pytest.fixture(scope="module")
def model():
    ids = word_tokenizer().get_vocab()
    config = LlamaConfig(
        vocab_size=len(ids),
        hidden_size=4,
        intermediate_size=1,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        hidden_act="relu",
        rms_norm_eps=1e12,
        tie_word_embeddings=False,
    )
    made = LlamaForCausalLM(config)
    weights = made.state_dict()
    for name, weight in weights.items():
        weight.fill_(1e6 if "norm" in name else 0)

    def put(name, row, column, value):
        weights[f"{name}.weight"][row, column] = value

    put("model.embed_tokens", ids["Mary"], 0, 2)
    put("model.embed_tokens", ids["John"], 1, 2)
    put("model.embed_tokens", ids[" bag"], 2, 2)
    put("model.layers.0.self_attn.v_proj", 0, 0, 1)
    put("model.layers.0.self_attn.v_proj", 2, 1, 1)
    put("model.layers.0.self_attn.o_proj", 3, 0, 1)
    put("model.layers.0.self_attn.o_proj", 3, 2, -1)
    put("model.layers.0.mlp.gate_proj", 0, 3, 1)
    put("model.layers.0.mlp.up_proj", 0, 2, 1)
    put("model.layers.0.mlp.down_proj", 0, 0, 1)
    put("model.layers.1.self_attn.v_proj", 0, 3, 1)
    put("model.layers.1.self_attn.o_proj", 1, 0, 2)
    put("lm_head", ids[" Mary"], 0, 1)
    put("lm_head", ids[" Mary"], 1, 1)
    made.load_state_dict(weights)
    return bridge_of(made, "by-hand")


@pytest.fixture(scope="module")
def study(model):
    return study_of(model, PAIRS, prepend_bos=False)


def values(array):
    return np.round(array.isel(prompt=0).to_numpy(), 4).tolist()


def test_the_two_runs(study):
    assert study.baselines()["logit_diff clean"].round(4).tolist() == [5]
    assert study.baselines()["logit_diff corrupted"].round(4).tolist() == [-3]


def test_heads(study):
    result = study.sweep("heads")
    assert values(result.patched()) == [[0, 0], [3, -3]]
    assert values(result.effect()) == [[3, 3], [6, 0]]
    assert result.normalized().round(4).to_numpy().tolist() == [[0.375, 0.375], [0.75, 0]]
    assert result.snapshot().status.tolist() == [1, 1, 1, 2]


def test_layers(study):
    assert values(study.sweep("attn").patched()) == [5, 3]
    assert values(study.sweep("mlp").patched()) == [-1, -3]


def test_the_residual_stream_by_position(study):
    assert values(study.sweep("residual").patched()) == [[5, -3], [1, 1]]
    assert values(study.sweep("residual", site="resid_mid").patched()) == [[1, 1], [-3, 5]]
    assert values(study.sweep("residual", site="resid_post").patched()) == [[1, 1], [-3, 5]]


def test_paths_into_a_value(study):
    result = study.path(["L1H0.v"])
    assert values(result.patched())[0] == [0, 0]
    assert np.isnan(values(result.patched())[1]).all()
    assert values(result.patched(map="mlp"))[0] == -3
    assert values(result.patched(map="embed")) == -3


def test_paths_into_the_logits(study):
    result = study.path(["logits"])
    assert values(result.patched()) == [[-3, -3], [3, -3]]
    assert values(result.patched(map="mlp")) == [-1, -3]


def test_noising(model):
    study = study_of(model, PAIRS, prepend_bos=False, direction="noising")
    assert values(study.sweep("heads").patched()) == [[0, 0], [-1, 5]]
    assert study.sweep("heads").normalized().round(4).to_numpy().tolist() == [
        [0.625, 0.625],
        [0.75, 0],
    ]


def test_other_metrics_of_the_same_run(model):
    names = ["prob", "logprob", "kl_div"]
    result = study_of(model, PAIRS, prepend_bos=False, metric=names).sweep("mlp")
    vocabulary = model.cfg.d_vocab

    def prob(logit):
        return np.exp(logit) / (np.exp(logit) + vocabulary - 1)

    assert values(result.patched("prob")) == np.round([prob(-1), prob(-3)], 4).tolist()
    wanted = np.log([prob(-1), prob(-3)])
    np.testing.assert_allclose(values(result.patched("logprob")), wanted, atol=1e-3)
    clean = torch.zeros(vocabulary)
    clean[0] = 5
    patched = torch.zeros(vocabulary)
    patched[0] = -1
    kl = torch.nn.functional.kl_div(
        patched.log_softmax(0), clean.log_softmax(0), reduction="sum", log_target=True
    )
    assert values(result.patched("kl_div"))[0] == round(float(kl), 4)


HEADS = [0, 0, 3, -3]
"""Logits of `A` after patching each head, as above; those of the other tokens are 0."""


def odds(vocabulary, logits):
    """Return the probability of `A`, and that of any other token."""
    raised = np.exp(np.array(logits, dtype=np.float64))
    return raised / (raised + vocabulary - 1), 1 / (raised + vocabulary - 1)


def test_ranks_of_the_same_run(model):
    """A logit of 0 is no lower than any other; one below 0 comes last."""
    result = study_of(model, PAIRS, prepend_bos=False, metric=["rank", "top_k"]).sweep("heads")
    last = model.cfg.d_vocab
    assert values(result.patched("rank")) == [[1, 1], [1, last]]
    assert values(result.effect("rank")) == [[1 - last, 1 - last], [1 - last, 0]]
    assert values(result.patched("top_k")) == [[1, 1], [1, 0]]
    assert result.normalized("top_k").to_numpy().tolist() == [[1, 1], [1, 0]]


def test_stolfos_metric_of_the_same_run(model):
    """Half of what A's probability gains, relative to before, and B's loses, relative to after."""
    result = study_of(model, PAIRS, prepend_bos=False, metric="stolfo").sweep("heads")
    (right, wrong), (before, other) = (odds(model.cfg.d_vocab, x) for x in (HEADS, -3))
    wanted = ((right - before) / before + (other - wrong) / wrong) / 2
    np.testing.assert_allclose(np.ravel(values(result.patched())), wanted, rtol=1e-4, atol=1e-4)


def test_answers_of_two_tokens(model):
    """`A A` against `B B`, whose tokens after the prompt are embedded as 0.

    The third token reads a third of the first: dimension 3 is 2, 1, 2/3 in the clean run, and the
    opposite in the corrupted one. L1H0 adds 2 x 11/9 to the second logit, or takes it away.
    """
    long = PAIRS | {"answers": [" Mary Mary"], "wrong_answers": [" John John"]}
    names = ["continuation_logprob", "continuation_diff"]
    study = study_of(model, long, prepend_bos=False, metric=names)
    second = [0, 0, 22 / 9, -22 / 9]
    result = study.sweep("heads")
    vocabulary = model.cfg.d_vocab
    wanted = np.log(odds(vocabulary, HEADS)[0]) + np.log(odds(vocabulary, second)[0])
    np.testing.assert_allclose(
        np.ravel(values(result.patched("continuation_logprob"))), wanted, atol=1e-3
    )
    np.testing.assert_allclose(
        np.ravel(values(result.patched("continuation_diff"))), np.add(HEADS, second), atol=1e-3
    )
    clean = study.baselines()["continuation_diff clean"].to_numpy()
    np.testing.assert_allclose(clean, [5 + 22 / 9], atol=1e-3)
