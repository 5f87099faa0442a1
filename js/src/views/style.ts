import comparison from "../../style/comparison.css";
import explorer from "../../style/explorer.css";
import heatmap from "../../style/heatmap.css";

/** The style sheet of all views. */
export const style = explorer + comparison + heatmap;
