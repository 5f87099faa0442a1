import { adoptStyles, STYLE_ID } from "../core/styles";
import { style } from "../views/style";
import { mountAll } from "./mount";
import { offer } from "./page";

offer((code) => mountAll(document, code));
adoptStyles(STYLE_ID, style);
