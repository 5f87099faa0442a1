import style from "../../style/explorer.css";
import { adoptStyles, STYLE_ID } from "../core/styles";
import { mountAll } from "./mount";

adoptStyles(STYLE_ID, style);
mountAll(document);
