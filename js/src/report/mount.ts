import { stored } from "../core/host";
import { readBundle, readStored } from "../core/payload";
import { openView } from "../views/view";
import { mountEach } from "./page";

/** Draws every stored view of the page that was stored with this code and is not drawn yet. */
export function mountAll(root: ParentNode, code = ""): void {
  mountEach(root, code, (place, text) => {
    openView(place, readBundle(readStored(text)), stored);
  });
}
