"""Writes the payload of a study that is explored, in two settings; see `make_view_fixtures`."""

import numpy as np

from patchwidgets.views._circuit import circuit
from patchwidgets.views._prompt_effects import prompt_effects
from patchwidgets.views._still import Shown
from patchwidgets.views._wire import ArrayBlock
from patchwidgets.views.detail import Detail
from patchwidgets.views.explorer import Fact, Offers, Option, Setting, Tab
from patchwidgets.views.heatmap import Heatmap
from patchwidgets.views.pair_map import PairMap
from tests import make_circuit_fixtures, make_comparison_fixtures, make_detail_fixtures
from tests import make_view_fixtures as views

METRICS = ["logit_diff", "prob"]
BEFORE = "before the layer (resid_pre)"
CORRUPTION = "token_replacement at S2"


def payloads() -> dict[str, tuple[Shown, bytes]]:
    """Return the fixture by file name."""
    block, rng = ArrayBlock(), np.random.default_rng(5)
    paths = {"L20H0.v": (17, 4), "L20H0.v (direct)": (14, 3), "L17H1.k": (6, 1)}
    maps = [views.head_map(block, rng)]
    maps += [views.path_map(block, rng, key, {cell: 0.2}) for key, cell in paths.items()]
    maps += [views.head_map(block, rng).model_copy(update={"key": "noising: heads"})]
    called = {one.key: f"study.path(receivers=['{one.key}'])" for one in maps}
    called |= {"heads": "study.sweep('heads')", "noising: heads": "study.sweep('heads')"}
    maps = [one.model_copy(update={"call": called[one.key]}) for one in maps]
    shown = views.explorer(
        maps,
        advice=[],
        settings=settings(),
        offers=offers(),
        details=[detail(block)],
        pair_maps=[pair_map(block, maps[0], 1, gap=4.0), pair_map(block, maps[1], 1, gap=0.01)],
        circuit=circuit(make_circuit_fixtures.measured())[0],
        circuit_setting="",
        compared="heads",
        comparison=block.append(*make_comparison_fixtures.payloads()["synthetic_comparison"]),
    )
    return {"synthetic_exploring": (shown, block.to_bytes())}


def pair_map(block: ArrayBlock, whole: Heatmap, prompt: int, gap: float) -> PairMap:
    """Return a map on one pair: one head does a tenth of the gap, and the next half of it."""
    shape = (len(METRICS), len(whole.rows.labels), len(whole.columns.labels))
    effect, status = np.zeros(shape), np.ones(shape[1:], dtype=np.uint8)
    effect[:, 0, :2] = np.array([0.1, 0.5]) * gap
    status[1], effect[:, 1] = 0, np.nan
    note = "" if gap > 1 else "The two unpatched runs have nearly the same `logit_diff`."
    changed = {"base": -1.0, "source": -1.0 + gap, "normalized": not note, "note": note}
    return PairMap(
        map=whole.key,
        prompt=prompt,
        caption=f"denoising · pair {prompt + 1} of 3 alone",
        metrics=[metric.model_copy(update=changed) for metric in whole.metrics],
        effect=block.add(effect),
        status=block.add(status),
    )


def detail(block: ArrayBlock) -> Detail:
    """Return what is known of one head."""
    pattern = block.append(*make_detail_fixtures.attention())
    measured = make_detail_fixtures.effects_of(3)
    effects = prompt_effects(measured, "L20H0", block, alone=False)
    return Detail(map="heads", node="L20H0", prompt=0, effects=effects, patterns=[pattern], note="")


def settings() -> list[Setting]:
    """Return two settings: one for each direction."""
    return [
        Setting(
            key=key,
            direction=direction,
            corruption=CORRUPTION,
            metrics=METRICS,
            facts=[Fact(label="model", value="smollm2-135m"), Fact(label="pairs", value="64")],
            strip=None,
            code=f"study = pw.Study(model, 'ioi', direction='{direction}')\nresult = any",
        )
        for key, direction in (("", "denoising"), ("noising: ", "noising"))
    ]


def offers() -> Offers:
    """Return what a study of indirect objects offers."""
    tabs = [
        ("heads", "Heads", "each whole", "outputs (z)", 1, "", None),
        ("residual by role", "Residual", "by role", BEFORE, 1, "about 20 s", 20),
        ("mlp", "MLP", "each whole", "mlp_out", 1, "", None),
        ("mlp, windows of 5", "MLP", "windows of 5", "mlp_out", 5, "about 3 min", 170),
        ("heads v", "Heads", "values", "values (v)", 1, "about 40 s", 40),
        ("heads by role", "Heads", "by role", "outputs (z)", 1, "", None),
    ]
    return Offers(
        tabs=[
            Tab(
                key=key,
                group=group,
                label=label,
                code=f"study.sweep('{key}')",
                cost=cost,
                seconds=seconds,
                site=site,
                window=window,
                positions="each role" if "by role" in key else "all together",
            )
            for key, group, label, site, window, cost, seconds in tabs
        ],
        directions=_options("denoising", "noising"),
        corruptions=_options(CORRUPTION, "gaussian_noise at S2"),
        metrics=_options(*METRICS, "kl_div"),
        forms=_options("pinned", "direct", "pinned_all"),
    )


def _options(*values: str) -> list[Option]:
    return [Option(value=value, label=value.replace("_", " ")) for value in values]
