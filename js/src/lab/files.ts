import type { JupyterFrontEnd } from "@jupyterlab/application";

/** Writes a notebook under the first free name in a folder, and opens it with a kernel. */
export async function openNew(
  app: JupyterFrontEnd,
  folder: string,
  name: string,
  content: unknown,
  kernel: string,
): Promise<void> {
  const path = await freePath(app, folder, name);
  await app.serviceManager.contents.save(path, { type: "notebook", format: "json", content });
  const options = kernel ? { kernel: { name: kernel } } : {};
  await app.commands.execute("docmanager:open", { path, factory: "Notebook", ...options });
}

/** Returns the kernel that a new Python notebook starts with; empty where there is none. */
export async function pythonKernel(app: JupyterFrontEnd): Promise<string> {
  await app.serviceManager.kernelspecs.ready;
  const { specs } = app.serviceManager.kernelspecs;
  const isPython = (name: string) => specs?.kernelspecs[name]?.language.toLowerCase() === "python";
  if (specs?.default && isPython(specs.default)) return specs.default;
  return Object.keys(specs?.kernelspecs ?? {}).find(isPython) ?? "";
}

async function freePath(app: JupyterFrontEnd, folder: string, name: string): Promise<string> {
  const { contents } = app.serviceManager;
  const listed = await contents.get(folder, { content: true });
  const taken = new Set((listed.content as { name: string }[]).map((file) => file.name));
  const at = (file: string) => (folder ? `${folder.replace(/\/$/, "")}/${file}` : file);
  const stem = name.replace(/\.ipynb$/, "");
  for (let count = 0; ; count++) {
    const file = count ? `${stem}-${count}.ipynb` : `${stem}.ipynb`;
    if (!taken.has(file)) return at(file);
  }
}
