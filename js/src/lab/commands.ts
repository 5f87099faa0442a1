import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, InputDialog, showErrorMessage } from "@jupyterlab/apputils";
import { ILauncher } from "@jupyterlab/launcher";
import { openNew, pythonKernel } from "./files";
import { icon } from "./icon";
import { currentNotebook, type Panel, placeOf } from "./notebooks";
import { type Shown, shownAround, shownIn } from "./shown";
import { newNotebook } from "./template";
import { notebookOf, type Tutorial, tutorials } from "./tutorials";

/** Ids of all commands. */
export const COMMANDS = {
  newStudy: "patchwidgets:new-study",
  openTutorial: "patchwidgets:open-tutorial",
  insertCode: "patchwidgets:insert-code",
  copyCode: "patchwidgets:copy-code",
} as const;

const CATEGORY = "patchwidgets";

interface Asked {
  /** Where the launcher or the file browser is. */
  cwd?: string;
  /** File name of a tutorial; asked for where it is not given. */
  tutorial?: string;
}

/** Makes notebooks, and puts the code of a view into them. */
export const commands: JupyterFrontEndPlugin<void> = {
  id: "patchwidgets:commands",
  description: "New study notebooks, tutorials, and the code of a view.",
  autoStart: true,
  optional: [ICommandPalette, ILauncher],
  activate(app: JupyterFrontEnd, palette: ICommandPalette | null, launcher: ILauncher | null) {
    addNotebooks(app);
    addCode(app);
    for (const command of Object.values(COMMANDS))
      palette?.addItem({ command, category: CATEGORY, args: { isPalette: true } });
    // In this category the launcher draws pictures of kernels, or letters.
    const kernelIconUrl = `data:image/svg+xml,${encodeURIComponent(icon.svgstr)}`;
    launcher?.add({ command: COMMANDS.newStudy, category: "Notebook", rank: 90, kernelIconUrl });
    launcher?.add({ command: COMMANDS.openTutorial, category: "Other", rank: 90 });
    [COMMANDS.insertCode, COMMANDS.copyCode].forEach((command, rank) => {
      app.contextMenu.addItem({ command, selector: ".pw-output", rank });
    });
  },
};

function addNotebooks(app: JupyterFrontEnd): void {
  app.commands.addCommand(COMMANDS.newStudy, {
    label: ({ isPalette }) => (isPalette ? "New Study Notebook" : "Patching study"),
    icon,
    caption: "Make a notebook that patches a model, ready to run",
    execute: guarded(async ({ cwd }: Asked) => {
      const kernel = await pythonKernel(app);
      await openNew(app, folderOf(app, cwd), "study.ipynb", newNotebook(kernel), kernel);
    }),
  });
  app.commands.addCommand(COMMANDS.openTutorial, {
    label: ({ isPalette }) => (isPalette ? "Open Tutorial Copy" : "Patching tutorial"),
    icon,
    caption: "Copy a tutorial notebook into this folder and open it",
    execute: guarded(async ({ cwd, tutorial }: Asked) => {
      const chosen = await choose(await tutorials(), tutorial);
      if (!chosen) return;
      const content = await notebookOf(chosen);
      await openNew(app, folderOf(app, cwd), chosen.file, content, await pythonKernel(app));
    }),
  });
}

function addCode(app: JupyterFrontEnd): void {
  const target = () => chosenView(app);
  app.commands.addCommand(COMMANDS.insertCode, {
    label: "Insert Code for This View",
    caption: "Put the Python that makes this view again into a new cell below",
    isEnabled: () => Boolean(target()?.shown.code && target()?.panel),
    execute: guarded(async () => {
      const { shown, panel, cell } = target() ?? {};
      if (!shown?.code || !panel || cell === undefined) return;
      panel.content.activeCellIndex = cell;
      app.shell.activateById(panel.id);
      await app.commands.execute("notebook:insert-cell-below");
      panel.content.activeCell?.model.sharedModel.setSource(shown.code);
    }),
  });
  app.commands.addCommand(COMMANDS.copyCode, {
    label: "Copy View as Python",
    caption: "Copy the Python that makes this view again",
    isEnabled: () => Boolean(target()?.shown.code),
    execute: guarded(async () => {
      await navigator.clipboard.writeText(target()?.shown.code ?? "");
    }),
  });
}

/** Returns the view that was clicked, or has the focus, or is in the active cell or document. */
function chosenView(
  app: JupyterFrontEnd,
): { shown: Shown; panel?: Panel; cell?: number } | undefined {
  const clicked = app.contextMenuHitTest((node) => node.classList.contains("pw-output"));
  const around = shownAround(clicked ?? null) ?? shownAround(document.activeElement);
  if (around) return { shown: around, ...placeOf(app, around.node) };
  const panel = currentNotebook(app);
  const within = panel ? panel.content.activeCell : app.shell.currentWidget;
  const shown = within ? shownIn(within.node) : undefined;
  return shown && { shown, ...placeOf(app, shown.node) };
}

async function choose(all: Tutorial[], file: string | undefined): Promise<Tutorial | undefined> {
  if (file) return all.find((one) => one.file === file);
  const asked = await InputDialog.getItem({
    title: "Which tutorial?",
    items: all.map(({ title }) => title),
    okLabel: "Open a copy",
  });
  return asked.button.accept ? all.find(({ title }) => title === asked.value) : undefined;
}

/** Returns the folder that is meant: the given one, or that of the document in front. */
function folderOf(app: JupyterFrontEnd, cwd: string | undefined): string {
  if (cwd !== undefined) return cwd;
  const path = (app.shell.currentWidget as Panel | null)?.context?.localPath ?? "";
  return path.split("/").slice(0, -1).join("/");
}

/** Shows what went wrong, which nobody would see on the console. */
function guarded(work: (asked: Asked) => Promise<void>): (asked: Asked) => Promise<void> {
  return async (asked) => {
    try {
      await work(asked);
    } catch (problem) {
      const said = problem instanceof Error ? problem.message : String(problem);
      await showErrorMessage("patchwidgets", said);
    }
  };
}
