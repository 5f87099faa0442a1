import { beforeEach, expect, it } from "vitest";
import { mountAll } from "../src/report/mount";
import { stored } from "./helpers";

function place(text: string): HTMLElement {
  const element = document.createElement("div");
  element.className = "pw-static";
  const image = document.createElement("img");
  image.className = "pw-still";
  const data = document.createElement("script");
  data.type = "application/json";
  data.textContent = text;
  element.append(image, data);
  document.body.append(element);
  return element;
}

beforeEach(() => document.body.replaceChildren());

it("draws each output once, whichever script comes first", () => {
  const elements = [place(JSON.stringify(stored())), place(JSON.stringify(stored()))];
  mountAll(document);
  mountAll(document);
  for (const element of elements) {
    expect(element.querySelectorAll(".pw-explorer").length).toBe(1);
    expect(element.querySelector("img")).toBeNull();
  }
});

it("says a sentence where an output is damaged, keeps its picture, and draws the others", () => {
  const bad = place("{");
  const good = place(JSON.stringify(stored()));
  mountAll(document);
  expect(bad.textContent).toContain("damaged");
  expect(bad.querySelector("img")).not.toBeNull();
  expect(good.querySelector(".pw-explorer")).not.toBeNull();
});
