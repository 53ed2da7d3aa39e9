/** The repository's own files for tests, on every runtime: by `node:fs`, which all of them have. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The bytes of a file, by its path from the repository's root. */
export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url))));
}

export function readText(path: string): string {
  return new TextDecoder().decode(readBytes(path));
}
