/** Bundles the front end: `node js/build.mjs [--clean]`. Sizes are printed. */
import { readFile, rm } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const OUTPUTS = ["patchwidgets/static", "patchwidgets/labextension", "js/lib"];

const styleAsText = {
  name: "style-as-text",
  setup(it) {
    it.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const { code } = await transform(source, { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

const shared = {
  bundle: true,
  minify: true,
  charset: "utf8",
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
  plugins: [styleAsText],
};

const bundles = [
  {
    format: "esm",
    entryPoints: ["js/src/widget/widget.ts"],
    outfile: "patchwidgets/static/widget.js",
  },
  { format: "esm", entryPoints: ["js/src/widget/stub.ts"], outfile: "patchwidgets/static/stub.js" },
  {
    format: "iife",
    entryPoints: ["js/src/report/standalone.ts"],
    outfile: "patchwidgets/static/standalone.js",
  },
  {
    format: "iife",
    entryPoints: ["js/src/report/question.ts"],
    outfile: "patchwidgets/static/question.js",
  },
  {
    format: "iife",
    entryPoints: ["js/src/report/figure.ts"],
    outfile: "patchwidgets/static/figure.js",
  },
  {
    format: "esm",
    entryPoints: ["js/src/lab/index.ts"],
    outfile: "js/lib/index.js",
    external: ["@jupyterlab/*", "@lumino/*"],
    minify: false,
  },
];

await Promise.all(OUTPUTS.map((path) => rm(path, { recursive: true, force: true })));
if (!process.argv.includes("--clean")) {
  for (const options of bundles) {
    await build({ ...shared, ...options });
    const code = await readFile(options.outfile);
    const packed = gzipSync(code).length;
    console.log(`${options.outfile}: ${code.length} bytes, ${packed} gzipped`);
  }
}
