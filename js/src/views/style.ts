import circuit from "../../style/circuit.css";
import comparison from "../../style/comparison.css";
import detail from "../../style/detail.css";
import explorer from "../../style/explorer.css";
import exploring from "../../style/exploring.css";
import frame from "../../style/frame.css";
import heatmap from "../../style/heatmap.css";
import pairs from "../../style/pairs.css";
import question from "../../style/question.css";
import theme from "../../style/theme.css";

/** The style sheet of all views. */
export const style =
  theme + frame + explorer + exploring + pairs + comparison + heatmap + detail + circuit + question;
