import { adoptStyles, STYLE_ID } from "../core/styles";
import { style } from "../views/style";
import { mountAll } from "./mount";

adoptStyles(STYLE_ID, style);
mountAll(document);
