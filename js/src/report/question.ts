import frame from "../../style/frame.css";
import question from "../../style/question.css";
import theme from "../../style/theme.css";
import { stored } from "../core/host";
import type { QuestionPayload } from "../core/question";
import { readStored } from "../core/stored";
import { adoptStyles, STYLE_ID } from "../core/styles";
import { QuestionView } from "../views/question";
import { mountEach, offer } from "./page";

// The output of a question brings only what draws questions, and is small by that.
offer((code) =>
  mountEach(document, code, (place, text) => {
    new QuestionView(place, readStored(text) as QuestionPayload, stored);
  }),
);
adoptStyles(`${STYLE_ID}-question`, theme + frame + question);
