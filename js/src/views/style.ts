import comparison from "../../style/comparison.css";
import detail from "../../style/detail.css";
import explorer from "../../style/explorer.css";

/** The style sheet of all views. */
export const style = explorer + comparison + detail;
