// Sources to static pages: one script, one style sheet, one file of texts per language.
//
// `node build.mjs <tools> <output>`: `tools` holds node_modules as package-lock.json
// names them. The same sources and tools give the same bytes, wherever it runs.

import { cp, mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [tools, output] = process.argv.slice(2).map((path) => resolve(path));
if (!tools || !output) throw new Error("usage: node build.mjs <tools> <output>");
const { build } = createRequire(join(tools, "package.json"))("esbuild");

await rm(output, { recursive: true, force: true });
await mkdir(join(output, "texts"), { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx", style: "src/style.css" },
  outdir: output,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome111", "firefox115", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  nodePaths: [join(tools, "node_modules")],
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
});
for (const page of ["index.html", "icon.svg"]) {
  await cp(join(here, "src", page), join(output, page));
}
await cp(join(here, "texts"), join(output, "texts"), { recursive: true });
