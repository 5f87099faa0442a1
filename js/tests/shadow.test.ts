import { expect, it } from "vitest";
import { adoptStyles } from "../src/core/styles";

/** A place that the page's style sheets do not reach, as marimo draws widgets in. */
function shadow(): ShadowRoot {
  const host = document.createElement("div");
  document.body.append(host);
  return host.attachShadow({ mode: "open" });
}

it("has its style sheet where it is drawn, once", () => {
  const root = shadow();
  const place = document.createElement("div");
  root.append(place);
  adoptStyles("pw-test", ".a {}", place);
  adoptStyles("pw-test", ".a {}", place);
  expect(root.querySelectorAll("style#pw-test").length).toBe(1);
  expect(document.getElementById("pw-test")).toBeNull();
  adoptStyles("pw-test", ".a {}");
  expect(document.head.querySelectorAll("style#pw-test").length).toBe(1);
});
