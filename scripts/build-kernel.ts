/**
 * Compiles the kernel, src/kernel/assembly/, to two modules that differ only in the memory they import:
 * kernel.wasm takes a plain one, kernel-shared.wasm a shared one.
 *
 *     node scripts/build-kernel.ts           writes both
 *     node scripts/build-kernel.ts --check   fails when a committed module is out of step
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const ENTRY = "src/kernel/assembly/index.ts";
const COMMON = [
  "-O3",
  "--converge",
  "--noAssert",
  "--runtime=stub",
  "--enable=simd",
  "--enable=threads",
  "--importMemory",
  "--initialMemory=1",
  // No source position, and no import for it: the kernel has no way to abort.
  "--use=abort=",
];
const MODULES = [
  { path: "src/kernel/kernel.wasm", options: [] },
  { path: "src/kernel/kernel-shared.wasm", options: ["--sharedMemory", "--maximumMemory=65536"] },
];
const checking = process.argv.includes("--check");

for (const { path, options } of MODULES) {
  const made = await compile(options);
  if (!checking) {
    writeFileSync(`${ROOT}${path}`, made);
    console.log(`${path} ${made.length} bytes`);
  } else if (!Buffer.from(made).equals(readOrEmpty(`${ROOT}${path}`))) {
    process.stderr.write(`${path} is out of step with ${ENTRY}: run \`node scripts/build-kernel.ts\`\n`);
    process.exitCode = 1;
  }
}

/** The bytes of one module. Throws with the compiler's own words. */
async function compile(options: readonly string[]): Promise<Uint8Array> {
  let made: Uint8Array | undefined;
  let words = "";
  const output = "kernel.wasm";
  const { error } = await asc.main([ENTRY, "--baseDir", ROOT, "--outFile", output, ...COMMON, ...options], {
    stderr: { write: (chunk) => void (words += String(chunk)) },
    writeFile(name, contents) {
      if (name === output && typeof contents !== "string") made = contents;
    },
  });
  if (error !== null || made === undefined) throw new Error(`Cannot compile the kernel: ${error?.message ?? "no output"}\n${words}`);
  return made;
}

function readOrEmpty(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch {
    // Not built yet: as out of step as can be.
    return new Uint8Array(0);
  }
}
