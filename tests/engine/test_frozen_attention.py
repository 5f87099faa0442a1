"""Blocks with frozen attention: the norm before it is left out where nobody else reads it."""

import pytest
import torch

from patchwidgets.engine import frozen_attention as freezing
from patchwidgets.engine.frozen_attention import frozen_attention
from patchwidgets.engine.replay import Replay
from patchwidgets.models.records import ATTENTION
from tests.families import EVERY_FAMILY, PAIRS, study_of, tiny

SHARED = {"gptj", "phi"}
"""Their MLP reads the same norm as attention."""

WITHOUT = {"olmo2"}
"""Its attention reads the residual stream itself."""


def replay_of(family: str) -> Replay:
    session = study_of(tiny(family), PAIRS)._session
    with session.model.measuring():
        (runs, *_) = session.runs_with({"attn_out", "z", ATTENTION})
    return Replay(session.model, runs.base, runs.first)


@pytest.mark.parametrize("family", EVERY_FAMILY)
def test_leaving_the_norm_out_changes_no_bit(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replay = replay_of(family)
    norm = replay.model.attention_norm(0)

    def block() -> torch.Tensor:
        stream = replay.residual(0, 3) + 0.1
        with torch.inference_mode(), frozen_attention(replay, 0):
            return replay.block(0, stream)

    left_out = block()
    assert (norm is None) == (family in WITHOUT)
    if norm is not None:
        assert freezing._for_attention_alone[norm] == (family not in SHARED)
        monkeypatch.setitem(freezing._for_attention_alone, norm, False)
    assert torch.equal(left_out, block())
