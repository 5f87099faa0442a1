import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import type { AnyPayload } from "../core/payload";
import { adoptPreferences, preferences, readPreferences } from "../core/preferences";
import type { View } from "../views/view";

const ID = "patchwidgets:settings";

/** Begins a view with the metric that the reader prefers, where its first map has it. */
export function prefer(view: View, payload: AnyPayload): void {
  const { metric } = preferences();
  if (!metric || view.state.metric !== "" || !("maps" in payload.header)) return;
  const [first] = payload.header.maps;
  if (first?.metrics.some(({ name }) => name === metric)) view.choose({ metric });
}

/** Reads the settings, and follows them. */
export const preferencesPlugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "Colour scale, metric drawn first, and when to ask before a run.",
  autoStart: true,
  optional: [ISettingRegistry],
  activate(_: unknown, registry: ISettingRegistry | null) {
    if (!registry) return;
    void registry
      .load(ID)
      .then((found) => {
        const adopt = () => adoptPreferences(readPreferences(found.composite));
        found.changed.connect(adopt);
        adopt();
      })
      .catch((problem: unknown) => {
        console.warn("The settings of patchwidgets cannot be read, so defaults hold.", problem);
      });
  },
};
