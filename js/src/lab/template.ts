/** The cells of a new study notebook: Markdown and Python in turn. */
const CELLS: [type: "markdown" | "code", source: string][] = [
  [
    "markdown",
    "# A new patching study\n\nRun the cells in order. Click a head in a map, then `q`, `k` or `v`: what feeds it? Save the notebook, and everything that was measured stays clickable for readers without a kernel.",
  ],
  ["code", "import patchwidgets as pw"],
  [
    "code",
    'model = pw.load_model("smollm2-135m")  # or any TransformerLens name, or your own bridge\nstudy = pw.Study(model, "ioi", n=8, metric=["logit_diff", "prob"])\nstudy  # does the model do the task? what differs between the prompts?',
  ],
  [
    "code",
    'heads = study.sweep("heads")  # returns at once and fills in\nheads  # click a head, then q, k or v',
  ],
  ["code", 'heads.detect(sd=2)  # who is large; heads.detect("max_t"): who is more than chance'],
  ["code", "study.advice()  # what to mind before you trust any of it"],
  [
    "code",
    'study.bake(top=3).wait()  # measure the drill-downs of the three strongest heads first\nstudy.save("ioi.study.json")  # a double-click on the file opens it, without a model',
  ],
];

/** Returns the notebook that "New study notebook" makes. */
export function newNotebook(kernel: string): unknown {
  return {
    cells: CELLS.map(([cell_type, source], index) => ({
      cell_type,
      id: `pw-${index}`,
      metadata: {},
      source,
      ...(cell_type === "code" ? { execution_count: null, outputs: [] } : {}),
    })),
    metadata: { kernelspec: { name: kernel, display_name: kernel, language: "python" } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}
