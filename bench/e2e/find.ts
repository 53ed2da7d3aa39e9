/** Programs on PATH, and how old files are. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The first program on PATH whose name fits. */
export function onPath(fits: (name: string) => boolean): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const found = folder !== "" && existsSync(folder) ? readdirSync(folder).find(fits) : undefined;
    if (found !== undefined) return join(folder, found);
  }
  return undefined;
}

/** When the youngest file below a folder was written, milliseconds; 0 for none. */
export function youngestMs(folder: string, ending: string): number {
  let newest = 0;
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (entry.endsWith(ending)) newest = Math.max(newest, statSync(join(folder, entry)).mtimeMs);
  }
  return newest;
}
