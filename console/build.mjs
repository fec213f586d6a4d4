// Bundles console/src into console/dist, which the server embeds: index.html and, under assets/,
// files named after their content, so that browsers may keep them for ever.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const SCRIPT_BYTES_MAX = 40 * 1024; // compressed: what a first visit loads, with one language
const here = path.dirname(fileURLToPath(import.meta.url));
const unfinished = path.join(here, `dist.${process.pid}`);
const finished = path.join(here, "dist");

/** The output that belongs to an entry point of the sources, as its path on the server. */
function outputOf(metafile, entry) {
  for (const [file, output] of Object.entries(metafile.outputs)) {
    if (output.entryPoint?.endsWith(entry)) {
      return { path: relative(file), output };
    }
  }
  throw new Error(`the bundle has no output for ${entry}`);
}

function relative(file) {
  return path.posix.relative(path.posix.basename(unfinished), file);
}

async function bundle() {
  const result = await build({
    absWorkingDir: here,
    entryPoints: ["src/main.tsx", "src/assets/icon.svg"],
    outdir: path.posix.join(path.basename(unfinished), "assets"),
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    publicPath: "/assets",
    loader: { ".svg": "copy" },
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  return result.metafile;
}

async function writePage(metafile) {
  const main = outputOf(metafile, "src/main.tsx");
  const icon = outputOf(metafile, "src/assets/icon.svg");
  const template = await readFile(path.join(here, "src/index.html"), "utf8");
  const page = template
    .replace("{{style}}", `/${relative(main.output.cssBundle)}`)
    .replace("{{script}}", `/${main.path}`)
    .replace("{{icon}}", `/${icon.path}`);
  await writeFile(path.join(unfinished, "index.html"), page);
}

/** The bundle carries code of others: their licences go with it. */
async function writeLicences(metafile) {
  const folders = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const found = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
    if (found) folders.add(found[1]);
  }
  const parts = [];
  for (const folder of [...folders].sort()) {
    const { name, version } = JSON.parse(
      await readFile(path.join(here, folder, "package.json"), "utf8"),
    );
    const names = await readdir(path.join(here, folder));
    const licence = names.find((file) => /^licen[cs]e(\.|$)/i.test(file));
    if (!licence) throw new Error(`${name} comes without a licence file`);
    const text = await readFile(path.join(here, folder, licence), "utf8");
    parts.push(`${name} ${version}\n\n${text.trim()}\n`);
  }
  await writeFile(path.join(unfinished, "licenses.txt"), parts.join(`\n${"-".repeat(72)}\n\n`));
}

async function checkSize(metafile) {
  const { path: main, output } = outputOf(metafile, "src/main.tsx");
  const shared = output.imports.filter(({ kind }) => kind === "import-statement");
  const files = [main, ...shared.map((part) => relative(part.path))];
  const catalogues = Object.keys(metafile.outputs).filter((file) => /\/[a-z]{2}-/.test(file));
  const sizes = await Promise.all([...files, ...catalogues.map(relative)].map(compressed));
  const scripts = sizes.slice(0, files.length).reduce((sum, size) => sum + size, 0);
  const first = scripts + Math.max(...sizes.slice(files.length));
  if (first > SCRIPT_BYTES_MAX) {
    throw new Error(`a first visit loads ${first} bytes of script, at most ${SCRIPT_BYTES_MAX}`);
  }
  const kibibytes = (first / 1024).toFixed(1);
  console.log(`console: a first visit loads ${kibibytes} KiB of script, compressed`);
}

async function compressed(file) {
  return gzipSync(await readFile(path.join(unfinished, file))).length;
}

await mkdir(unfinished, { recursive: true });
try {
  const metafile = await bundle();
  await writePage(metafile);
  await writeLicences(metafile);
  await checkSize(metafile);
  await rm(finished, { recursive: true, force: true });
  await rename(unfinished, finished);
} finally {
  await rm(unfinished, { recursive: true, force: true });
}
