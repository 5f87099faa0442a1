"""Writes the TypeScript side of the payload: `python -m patchwidgets.views._codegen [--check]`.

`views.ts` holds the types and `views.schema.json` what the page checks a payload against.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from patchwidgets.views._wire import MIME_TYPE, SCHEMA_VERSION
from patchwidgets.views.array_map import ArrayMap, ArrayMapState
from patchwidgets.views.attention import Attention, AttentionState
from patchwidgets.views.circuit import Circuit, CircuitState
from patchwidgets.views.comparison import Comparison, ComparisonState
from patchwidgets.views.detail import Detail
from patchwidgets.views.explorer import (
    CancelCommand,
    CircuitCommand,
    CompareCommand,
    DetailCommand,
    DrillCommand,
    Explorer,
    ExplorerState,
    PairCommand,
    SilenceCommand,
    SweepCommand,
)
from patchwidgets.views.figure import FIGURE_MIME_TYPE, Figure
from patchwidgets.views.prompt_effects import PromptEffects, PromptEffectsState
from patchwidgets.views.prompts import Prompts, PromptsState
from patchwidgets.views.question import Question, QuestionState

MODELS = (
    *(Explorer, ExplorerState, Comparison, ComparisonState, Figure),
    *(ArrayMap, ArrayMapState),
    *(Attention, AttentionState, PromptEffects, PromptEffectsState, Prompts, PromptsState),
    *(Circuit, CircuitState, Detail, Question, QuestionState),
    *(SweepCommand, DrillCommand, DetailCommand, CircuitCommand, CompareCommand),
    *(CancelCommand, PairCommand, SilenceCommand),
)
"""What travels; the first is the root of the schema, the others are its definitions."""

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "js" / "src" / "generated"
COMMAND = "npm run generate"
JSON2TS = ("node_modules/.bin/json2ts", "--unreachableDefinitions", "--maxItems=-1")
REFERENCE_NOTE = re.compile(r"( \*\n)? \* This interface was referenced by .*\n \* via .*\n")


class _WithoutFieldTitles(GenerateJsonSchema):
    """A title on a field would become a type of its own in TypeScript."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Return False for every field."""
        return False


def schema() -> dict[str, Any]:
    """Return the JSON schema of everything that travels, docs included."""
    _, definitions = models_json_schema(
        [(model, "serialization") for model in MODELS],
        schema_generator=_WithoutFieldTitles,
    )
    return {"title": "Explorer", **definitions["$defs"].pop("Explorer"), **definitions}


def without_docs(part: Any) -> Any:
    """Return the schema without descriptions and titles, which the page does not need."""
    if isinstance(part, list):
        return [without_docs(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: without_docs(value)
        for key, value in part.items()
        if not (key in ("title", "description") and isinstance(value, str))
    }


def with_named_references(part: Any) -> Any:
    """Return the schema with each reference as its type's name.

    json2ts would make a new type of every reference that has a description of its own.
    """
    if isinstance(part, list):
        return [with_named_references(item) for item in part]
    if not isinstance(part, dict):
        return part
    named = {key: with_named_references(value) for key, value in part.items() if key != "$ref"}
    if "$ref" in part:
        named["tsType"] = part["$ref"].rpartition("/")[2]
    return named


def types() -> str:
    """Return `views.ts`."""
    banner = f"/* DO NOT EDIT. From patchwidgets/views/*.py by `{COMMAND}`. */"
    done = subprocess.run(
        [*JSON2TS, "--bannerComment", banner],
        cwd=ROOT,
        input=json.dumps(with_named_references(schema())),
        capture_output=True,
        text=True,
        check=True,
    )
    constants = (
        f"\nexport const SCHEMA_VERSION = {SCHEMA_VERSION};\n"
        f'export const MIME_TYPE = "{MIME_TYPE}";\n'
        f'export const FIGURE_MIME_TYPE = "{FIGURE_MIME_TYPE}";\n'
    )
    return REFERENCE_NOTE.sub("", done.stdout).replace("/**\n */\n", "") + constants


def files() -> dict[Path, str]:
    """Return every generated file with its text."""
    return {
        OUTPUT / "views.ts": types(),
        OUTPUT / "views.schema.json": json.dumps(without_docs(schema()), indent=1) + "\n",
    }


def main() -> int:
    """Write the files, or with `--check` say which of them differ; 1 if any does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check = parser.parse_args().check
    stale = []
    for path, text in files().items():
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for path in stale:
        print(f"{path} is stale: run `{COMMAND}`" if check else f"wrote {path}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
