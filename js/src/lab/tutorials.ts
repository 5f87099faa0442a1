import { PageConfig, URLExt } from "@jupyterlab/coreutils";

/** A notebook that ships with the extension. */
export interface Tutorial {
  /** File name, such as `01_first_patch.ipynb`. */
  file: string;
  title: string;
}

// The folder of the extension is served as it is installed, so that no server extension is needed.
function address(file: string): string {
  const extensions = PageConfig.getOption("fullLabextensionsUrl");
  return URLExt.join(extensions, "patchwidgets", "tutorials", file);
}

/** Returns the tutorials in order, or throws where the extension has none. */
export async function tutorials(): Promise<Tutorial[]> {
  return (await fetched("index.json")) as Tutorial[];
}

/** Returns the notebook of a tutorial. */
export function notebookOf({ file }: Tutorial): Promise<unknown> {
  return fetched(file);
}

async function fetched(file: string): Promise<unknown> {
  const answer = await fetch(address(file));
  if (!answer.ok) {
    throw new Error(
      `The tutorial ${file} is not where the extension is installed. Install patchwidgets again.`,
    );
  }
  return answer.json();
}
