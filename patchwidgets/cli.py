"""The command line, for machines without a notebook."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from patchwidgets.errors import FileError, PatchwidgetsError, PlanError

if TYPE_CHECKING:
    from patchwidgets.results.result import Result
    from patchwidgets.study import Study


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status.

    0, or 1 after an error was explained, or 130 where an interrupt cut `paper` short.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help()
        return 0
    try:
        return options.run(options) or 0
    except PatchwidgetsError as problem:
        Console(stderr=True).print(f"patchwidgets: {problem}", markup=False)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="patchwidgets", description="Which parts of a language model cause a behaviour?"
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {version('patchwidgets')}"
    )
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(metavar="COMMAND")
    _add_run(commands)
    view = commands.add_parser("view", help="print a saved result, or make a page of it")
    view.set_defaults(run=_view)
    view.add_argument("file", type=Path)
    view.add_argument("--html", type=Path, help="write an interactive page that needs no network")
    paper = commands.add_parser("paper", help="measure what the paper claims, on your model")
    _add_paper_options(paper)
    tasks = commands.add_parser("tasks", help="list the tasks")
    tasks.set_defaults(run=_tasks)
    models = commands.add_parser("models", help="list the models that load by name")
    models.set_defaults(run=_models)
    cache = commands.add_parser("cache", help="show the store of measured cells, or clear it")
    cache.set_defaults(run=_cache)
    cache.add_argument("action", nargs="?", choices=["clear"], help="forget every stored cell")
    return parser


def _add_paper_options(paper: argparse.ArgumentParser) -> None:
    paper.set_defaults(run=_paper)
    paper.add_argument("--model", default="smollm2-135m", help="default: %(default)s")
    paper.add_argument("--n", type=int, default=32, help="prompt pairs (default: %(default)s)")
    paper.add_argument("--seed", type=int, default=0, help="of the prompts (default: %(default)s)")
    paper.add_argument(
        "--draws", type=int, default=2, help="of noise, per prompt pair (default: %(default)s)"
    )
    paper.add_argument("--claims", help="names, joined by commas; all if left out")
    paper.add_argument(
        "--minutes",
        type=float,
        default=30,
        help="what does not fit is left out, and says so (default: %(default)s)",
    )
    paper.add_argument("--html", type=Path, help="write a page that needs no network")
    paper.add_argument("--json", type=Path, help="write everything as JSON")


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser("run", help="patch a model on a task and print the strongest nodes")
    run.set_defaults(run=_run)
    run.add_argument("task", help="name of a task; `patchwidgets tasks` lists them")
    run.add_argument("--model", default="smollm2-135m", help="default: %(default)s")
    run.add_argument("--n", type=int, default=8, help="prompt pairs (default: %(default)s)")
    run.add_argument("--seed", type=int, default=0, help="of the prompts (default: %(default)s)")
    run.add_argument("--corruption", default="token_replacement", help="default: %(default)s")
    run.add_argument("--at", help="what is corrupted; the task's default if left out")
    run.add_argument("--k", type=float, help="size of noise; its own if left out")
    run.add_argument("--draws", type=int, help="of the corruption; its own number if left out")
    run.add_argument(
        "--known",
        nargs="?",
        const="preferred",
        metavar="CRITERION",
        help="keep what the model knows: `preferred` to wrong answers, or its `top` token",
    )
    run.add_argument(
        "--no-known",
        dest="known",
        action="store_const",
        const=False,
        help="measure a model that is right on no prompt, too",
    )
    run.add_argument("--metric", nargs="+", default=["logit_diff"], help="default: logit_diff")
    run.add_argument("--direction", default="denoising", help="denoising (default) or noising")
    run.add_argument("--sweep", default="heads", help="default: %(default)s")
    run.add_argument("--window", type=int, help="patch so many neighbouring layers together")
    run.add_argument(
        "--compare",
        nargs="+",
        metavar="CORRUPTION[:SITE]",
        help="measure by each of these and by every metric, and print who finds which node",
    )
    run.add_argument("--estimate", metavar="METHOD", help="estimate first, by `attribution`")
    run.add_argument(
        "--top", type=int, metavar="N", help="with --estimate: measure the N largest estimates only"
    )
    run.add_argument(
        "--drill",
        type=int,
        default=0,
        metavar="N",
        help="also measure what feeds the query, key and value of the N strongest heads",
    )
    run.add_argument("--html", type=Path, help="write an interactive page that needs no network")
    run.add_argument("--save", type=Path, help="write the result as one JSON file")


def _run(options: argparse.Namespace) -> None:
    _say(f"loading {options.model}")
    from patchwidgets import Study
    from patchwidgets.prompts.corruptions._named import corruption_named

    _require_folders(options.save, options.html)
    console = Console()
    wide = {} if options.window is None else {"window": options.window}
    draws = None if options.compare else options.draws
    k = None if options.compare else options.k
    study = Study(
        options.model,
        options.task,
        n=options.n,
        seed=options.seed,
        corruption=corruption_named(options.corruption, k, draws),
        at=options.at,
        known=options.known,
        metric=options.metric,
        direction=options.direction,
    )
    print(study)
    if options.compare:
        return _compare(study, options, wide)
    result = study.sweep(options.sweep, estimate=options.estimate, top=options.top, **wide)
    _say(f"measuring {len(result.plan.patches)} patches on {len(result.groups)} prompt pairs")
    result.wait()
    _print(console, result)
    paths = _drill(study, result, options.drill)
    if options.save:
        console.print(f"saved {result.save(options.save)}")
    if options.html:
        _write_page([result, *paths], options.html)
        console.print(f"wrote {options.html}: open it in a browser")


def _compare(study: "Study", options: argparse.Namespace, wide: dict[str, Any]) -> None:
    from patchwidgets.prompts.corruptions._named import compared_named

    for name in ("estimate", "top", "drill"):
        if getattr(options, name):
            raise PlanError(
                f"`--compare` measures every map whole and opens no path maps, so `--{name}` has "
                "nothing to do there. Leave one of them out."
            )
    asked = [compared_named(text, options.k, options.draws) for text in options.compare]
    compared = study.compare(options.sweep, corruptions=asked, **wide).wait()
    print(compared)
    found = compared.detections()
    print("\ndetected (1 positive, -1 negative):")
    print(found.T.to_string() if found.size else "nothing")
    if options.save:
        print(f"saved {compared.save(options.save)}")
    if options.html:
        print(f"wrote {compared.save_html(options.html)}: open it in a browser")


def _say(what: str) -> None:
    """Tell a person who waits what takes so long."""
    if sys.stderr.isatty():
        print(f"{what} ...", file=sys.stderr, flush=True)


def _require_folders(*outputs: Path | None) -> None:
    """Check before anything is measured that what is asked for can be written."""
    from patchwidgets.results.writing import require_folder

    for path in outputs:
        if path is not None:
            require_folder(path)


def _print(console: Console, result: "Result", rows: int = 10) -> None:
    table = Table(
        title=f"strongest of {len(result.plan.patches)} patches, {result.direction}",
        caption="normalized: 0 is nothing, 1 is the other run\n±: standard error of the effect",
    )
    table.add_column("node")
    for name in ("normalized", "effect", "±"):
        table.add_column(name, justify="right")
    metric = result.metrics[0].name
    for _, row in result.table().head(rows).iterrows():
        table.add_row(
            str(row["node"]),
            f"{row[f'{metric}_normalized']:+.3f}",
            f"{row[f'{metric}_effect']:+.3f}",
            f"{row[f'{metric}_stderr']:.3f}",
        )
    console.print(table)
    if result.estimate is not None:
        console.print(f"estimated by {result.estimate.method}: {result.agreement()}", markup=False)


def _drill(study: "Study", result: "Result", heads: int) -> list["Result"]:
    from patchwidgets.nodes import parse_node

    if not heads:  # windows of layers have names that are no nodes
        return []
    per_kv_head = result.provenance["model"]["n_heads"] // result.provenance["model"]["n_kv_heads"]
    receivers: dict[str, None] = {}
    nodes = [parse_node(name) for name in result.table()["node"]]
    for node in [node for node in nodes if node.site == "z" and node.position is None][:heads]:
        assert node.head is not None
        receivers[f"L{node.layer}H{node.head}.q"] = None
        receivers[f"L{node.layer}H{node.head // per_kv_head}.k"] = None
        receivers[f"L{node.layer}H{node.head // per_kv_head}.v"] = None
    return [study.path([one]).wait() for one in receivers]


def _write_page(results: Sequence["Result"], path: Path) -> None:
    from patchwidgets.reports.html import page
    from patchwidgets.results.writing import write_text
    from patchwidgets.views._explorer import explorer

    header, block = explorer(results)
    write_text(page(header, block, header.title), path)


def _view(options: argparse.Namespace) -> None:
    from patchwidgets.results.result import Result
    from patchwidgets.views._explorer import explorer
    from patchwidgets.views._text import summary

    if not options.file.is_file():
        raise FileError(
            f"There is no file `{options.file}`, so there is nothing to view. `patchwidgets run "
            "ioi --save heads.json` writes one."
        )
    _require_folders(options.html)
    console = Console()
    result = Result.load(options.file)
    print(summary(*explorer([result]), strongest=0))
    _print(console, result)
    if options.html:
        _write_page([result], options.html)
        console.print(f"wrote {options.html}: open it in a browser")


def _paper(options: argparse.Namespace) -> int:
    from patchwidgets.paper._command import run

    return run(options)


def _tasks(options: argparse.Namespace) -> None:
    from patchwidgets.prompts.tasks import TASKS

    del options
    for name in TASKS.names():
        task = TASKS.get(name)
        print(f"{name:16} {task.title}. {task.citation}")
        for site, sentence in task.sites.items():
            print(f"{'':16}   --at {site}: {sentence}")


def _models(options: argparse.Namespace) -> None:
    from patchwidgets.models.load import model_names

    del options
    print("\n".join(model_names()))


def _cache(options: argparse.Namespace) -> None:
    from patchwidgets.engine import store, store_file

    path = store.store_path()
    if options.action == "clear":
        store_file.clear(path)
        print(f"cleared {path}")
        return
    held = store_file.content(path)
    print(path)
    print(
        f"{held.bytes / 1e6:.1f} MB of {store.LIMIT_BYTES / 1e6:.0f} MB: {held.cells} cells of "
        f"{held.sweeps} sweeps, each on one group of prompts"
    )


if __name__ == "__main__":
    sys.exit(main())
