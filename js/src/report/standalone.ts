import { adoptStyles, STYLE_ID } from "../core/styles";
import { style } from "../views/style";
import { mountAll } from "./mount";

/** What `reports/_code.py` says of the code it is about to run, and asks of it afterwards. */
interface Page {
  __patchwidgetsCode?: string;
  __patchwidgetsMount?: Record<string, () => void>;
}

const page = globalThis as Page;
const code = page.__patchwidgetsCode ?? "";
page.__patchwidgetsMount = { ...page.__patchwidgetsMount, [code]: () => mountAll(document, code) };
adoptStyles(STYLE_ID, style);
