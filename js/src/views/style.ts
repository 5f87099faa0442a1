import circuit from "../../style/circuit.css";
import comparison from "../../style/comparison.css";
import explorer from "../../style/explorer.css";

/** The style sheet of all views. */
export const style = explorer + comparison + circuit;
