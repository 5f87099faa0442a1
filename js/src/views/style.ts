import circuit from "../../style/circuit.css";
import comparison from "../../style/comparison.css";
import detail from "../../style/detail.css";
import explorer from "../../style/explorer.css";
import exploring from "../../style/exploring.css";
import heatmap from "../../style/heatmap.css";

/** The style sheet of all views. */
export const style = explorer + exploring + comparison + heatmap + detail + circuit;
