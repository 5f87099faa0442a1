import json
import re
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from patchwidgets.views import (
    array_map,
    attention,
    comparison,
    detail,
    explorer,
    heatmap,
    prompt_effects,
    prompts,
    question,
    token_strip,
)
from patchwidgets.views._explorer import pair_of
from patchwidgets.views._png import DOT, GREY, HATCH, NOISE, picture
from patchwidgets.views._text import summary
from patchwidgets.views._wire import ArrayBlock, bundle, read_array
from patchwidgets.views._words import number, signed
from patchwidgets.views.explorer import COMMANDS
from patchwidgets.views.heatmap import Progress
from tests import make_view_fixtures as fixtures

ROOT = Path(__file__).parents[1]
NAMES = ["synthetic_explorer", "synthetic_running", "synthetic_positions", "synthetic_estimated"]
NAMES += ["synthetic_comparison", "synthetic_comparing"]
NAMES += ["synthetic_attention", "synthetic_effects", "synthetic_prompts"]
NAMES += ["synthetic_array", "synthetic_question", "synthetic_question_waiting"]
NAMES += ["synthetic_question_number", "synthetic_question_choice"]


@pytest.mark.parametrize("name", NAMES)
def test_the_fixtures_are_what_python_writes_today(name):
    header, block = fixtures.payloads()[name]
    stored = json.loads((fixtures.FOLDER / f"{name}.json").read_text("utf-8"))
    assert stored == json.loads(json.dumps(bundle(header, block)))
    assert fixtures.read(name) == (header, block)


def test_a_payload_of_version_1_still_opens():
    header, block = fixtures.read("version_1")
    assert header.maps[0].estimate is None
    assert header.maps[0].metrics[0].noise_floor is None
    assert picture(header.maps[0], block)[:4] == b"\x89PNG"
    assert "running at 113 of 270" in summary(header, block)


def test_a_payload_of_version_3_still_opens():
    header, block = fixtures.read("version_3")
    assert picture(header.maps[-1], block)[:4] == b"\x89PNG"


def test_an_explorer_before_version_3_does_not_say_what_it_is():
    header, _ = fixtures.read("synthetic_explorer")
    stored = header.model_dump(mode="json")
    assert stored.pop("view") == "explorer"
    assert explorer.Explorer.model_validate(stored) == header


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (0.48, "0.48"),
        (-0.0456, "−0.046"),
        (-2.81, "−2.81"),
        (12.345, "12.3"),
        (1234.56, "1235"),
        (-0.0003, "−3e−4"),
    ],
)
def test_numbers_are_written_as_on_the_page(value, text):
    assert number(value) == text


def test_a_sign_is_given_to_what_has_one():
    assert [signed(value) for value in (0.5, -0.5, 0.0)] == ["+0.50", "−0.50", "0.00"]


def test_a_token_of_a_megabyte_is_cut_before_it_travels():
    long, cut = " " + "Mary" * 250_000, " " + ("Mary" * 50)[:198] + "…"
    prompt = {
        "clean": [long, " and"],
        "corrupted": [" John", long],
        "clean_ids": [1, 2],
        "corrupted_ids": [3, 2],
        "roles": {"END": 1},
        "answers": [long],
        "wrong_answers": [" John", long],
        "group": "",
        "right": True,
    }
    pair = pair_of(prompt)
    assert [pair.clean, pair.corrupted] == [[cut, " and"], [" John", cut]]
    assert [pair.answers, pair.wrong_answers] == [[cut], [" John", cut]]
    assert prompt["clean"] == [long, " and"]


def test_generated_typescript_is_up_to_date():
    check = [sys.executable, "-m", "patchwidgets.views._codegen", "--check"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_generated_typescript_knows_every_field():
    text = (ROOT / "js" / "src" / "generated" / "views.ts").read_text("utf-8")
    for model in (
        explorer.Explorer,
        explorer.ExplorerState,
        array_map.ArrayMap,
        array_map.ArrayMapState,
        comparison.Comparison,
        comparison.ComparisonState,
        comparison.Disagreement,
        comparison.Findings,
        comparison.MethodLabel,
        explorer.DrillCommand,
        explorer.CancelCommand,
        heatmap.Estimates,
        heatmap.Heatmap,
        heatmap.MetricColumn,
        heatmap.Progress,
        token_strip.Pair,
        attention.Attention,
        attention.AttentionState,
        attention.Place,
        detail.Detail,
        prompt_effects.EffectSummary,
        prompt_effects.PromptEffects,
        prompt_effects.PromptEffectsState,
        prompts.Prompts,
        question.Question,
        question.QuestionState,
        question.PossibleAnswer,
    ):
        body = text.split(f"export interface {model.__name__} {{")[1].split("\n}")[0]
        fields = set(re.findall(r"^  (\w+)\??:", body, re.MULTILINE))
        assert fields == set(model.model_fields)


def test_views_and_reports_need_neither_torch_nor_anywidget():
    code = (
        "import sys, patchwidgets.views.explorer, patchwidgets.views._text, "
        "patchwidgets.views._png, patchwidgets.reports.html; "
        "print(sorted({'torch', 'anywidget', 'transformer_lens'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_arrays_come_back_as_they_went_in():
    block = ArrayBlock()
    whole = block.add(np.array([[1, 2, 3]], dtype=np.int64))
    floats = block.add(np.array([[0.5, np.nan], [-1e30, 0.0]]))
    empty = block.add(np.zeros((2, 0)))
    data = block.to_bytes()
    assert floats.offset % 4 == 0
    np.testing.assert_array_equal(read_array(whole, data), [[1, 2, 3]])
    np.testing.assert_array_equal(read_array(floats, data), [[0.5, np.nan], [np.float32(-1e30), 0]])
    assert read_array(empty, data).shape == (2, 0)


@pytest.mark.parametrize(
    "command",
    [
        {"command": "drill"},
        {"command": "drill", "receiver": 3},
        {"command": "drill", "receiver": "L0H0.q", "more": 1},
        {"command": "format disk"},
        {},
        "drill",
        None,
    ],
)
def test_commands_that_are_none_of_ours_are_refused(command):
    with pytest.raises(ValidationError):
        COMMANDS.validate_python(command)


def test_nan_outside_arrays_is_refused():
    with pytest.raises(ValidationError, match="finite"):
        Progress(state="running", done=1, total=2, share=0.5, seconds_left=float("nan"), message="")


def test_summary_names_the_strongest_cells_of_both_signs():
    header, block = fixtures.read("synthetic_explorer")
    lines = summary(header, block).splitlines()
    assert lines[0] == "Indirect object (synthetic numbers)"
    assert lines[4].split() == ["L20H0", "+0.520", "L29H0", "-0.310"]
    assert len(lines) == 10
    assert lines[-1].startswith("advice: task_not_done (error), probability_near_floor (warning), ")
    into = summary(header, block, key="L20H0.v", strongest=1).splitlines()
    assert into[2] == "What feeds L20H0.v? (L20H0.v)"
    assert into[-2].split() == ["L17H4", "+0.270", "L8.mlp_out", "-0.060"]


def test_summary_says_how_far_a_running_map_is():
    assert "running at 113 of 270" in summary(*fixtures.read("synthetic_running"))


def decode_png(data):
    """Return the palette indices and the palette of a PNG as this package writes it."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert int.from_bytes(data[at + 8 + length : at + 12 + length]) == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    width, height = (int.from_bytes(chunks[b"IHDR"][i : i + 4]) for i in (0, 4))
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    return rows[:, 1:], np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)


def test_the_picture_is_red_up_blue_down_and_hatched_where_nothing_is_known():
    header, block = fixtures.read("synthetic_explorer")
    data = picture(header.maps[0], block)
    pixels, palette = decode_png(data)
    assert len(data) < 4000
    assert pixels.shape == (30 * 12, 9 * 16)
    red, _, blue = palette[pixels[20 * 12 + 2, 2]].astype(int)
    assert red - blue > 100
    red, _, blue = palette[pixels[29 * 12 + 2, 2]].astype(int)
    assert blue - red > 50

    header, block = fixtures.read("synthetic_running")
    pixels, _ = decode_png(picture(header.maps[0], block))
    assert {GREY, HATCH} < set(pixels[20 * 12 : 21 * 12].ravel().tolist())


def test_the_picture_of_a_large_map_stays_small():
    header, block = fixtures.large_map()
    pixels, _ = decode_png(picture(header.maps[0], block))
    assert pixels.shape == (100 * 6, 1000)


def cell_of(pixels, row, column):
    """Return the palette indices in a cell of a head map, without the lines around it."""
    return set(pixels[row * 12 : row * 12 + 11, column * 16 : column * 16 + 15].ravel().tolist())


def test_the_picture_dots_estimates_and_greys_what_is_below_the_noise():
    header, block = fixtures.read("synthetic_estimated")
    pixels, palette = decode_png(picture(header.maps[0], block))
    assert cell_of(pixels, 5, 2) == {NOISE}
    assert cell_of(pixels, 29, 7) == {GREY, HATCH}
    assert len(cell_of(pixels, 20, 0)) == 1
    for (row, column), sign in {(19, 2): 1, (24, 4): -1}.items():
        (plain,) = cell_of(pixels, row, column) - {DOT}
        assert DOT in cell_of(pixels, row, column)
        red, _, blue = palette[plain].astype(int)
        assert 10 < sign * (red - blue) < 100


def test_the_picture_gives_sizes_without_a_sign_neither_red_nor_blue():
    header, block = fixtures.read("synthetic_estimated")
    first = header.maps[0]
    assert first.estimate is not None
    sizes = first.estimate.model_copy(update={"signed": False})
    pixels, palette = decode_png(picture(first.model_copy(update={"estimate": sizes}), block))
    for place in ((19, 2), (24, 4)):
        (plain,) = cell_of(pixels, *place) - {DOT}
        red, green, blue = palette[plain].astype(int)
        assert min(red, blue) > green
        assert abs(red - blue) < 40


def test_what_float32_cannot_hold_is_infinite():
    block = ArrayBlock()
    where = block.add(np.array([-1e300, 1.5, np.nan]))
    np.testing.assert_array_equal(read_array(where, block.to_bytes()), [-np.inf, 1.5, np.nan])
