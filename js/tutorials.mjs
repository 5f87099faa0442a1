/** Copies the notebooks into the extension, which serves them to "Open tutorial copy". */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";

const FROM = "notebooks";
const TO = "patchwidgets/labextension/tutorials";

const files = (await readdir(FROM)).filter((file) => file.endsWith(".ipynb")).sort();
await mkdir(TO, { recursive: true });
const index = [];
for (const file of files) {
  const text = await readFile(`${FROM}/${file}`, "utf8");
  const heading = JSON.parse(text)
    .cells.map(({ source }) => [source].flat().join(""))
    .find((source) => source.startsWith("# "));
  index.push({ file, title: heading ? heading.slice(2).split("\n")[0] : file });
  await writeFile(`${TO}/${file}`, text);
}
await writeFile(`${TO}/index.json`, JSON.stringify(index));
console.log(`${TO}: ${index.map(({ title }) => title).join(", ")}`);
