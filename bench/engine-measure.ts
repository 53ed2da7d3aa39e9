/**
 * How a row of the engine bench is measured, wherever it runs: turns of ours, of the rival and of
 * plain copying, one after the other; the ratio is taken sample by sample.
 */
import type { EngineRow } from "./engine-result.ts";
import type { Row } from "./engine-rows.ts";
import { spreadOf } from "./statistics.ts";

export interface Sizes {
  readonly samples: number;
  readonly rotation: number;
  readonly items: number;
}

export type Who = "ours" | "theirs" | "copy";

/** Where the work is done. */
export interface Site {
  /** Makes a row ready; throws when ours and the rival's results differ. */
  prepare(row: Row, sizes: Sizes): Promise<void>;
  /** Whole rotations for at least `leastMs`; nanoseconds a request. */
  time(who: Who, leastMs: number): Promise<number>;
  release(): Promise<void>;
}

/** A turn of ours and of copying lasts at least so long; the rival does one whole rotation at least. */
const TURN_MS = 150;
const WARM_MS = 400;
const ALL: readonly Who[] = ["ours", "theirs", "copy"];

/** A row's figures, or its fault. */
export async function measureRow(site: Site, row: Row, sizes: Sizes): Promise<EngineRow> {
  const { id, title, against, signal } = row;
  const head = { id, title, against, signal, target: row.target ?? null };
  try {
    await site.prepare(row, sizes);
    return { ...head, fault: "", ...(await takeSamples(site, sizes)) };
  } catch (error) {
    return { ...head, fault: String(error) };
  } finally {
    await site.release();
  }
}

async function takeSamples(site: Site, { samples, items }: Sizes) {
  for (const who of ALL) await site.time(who, WARM_MS);
  const nanos: Record<Who, number[]> = { ours: [], theirs: [], copy: [] };
  for (let sample = 0; sample < samples; sample++) {
    for (const who of ALL) nanos[who].push((await site.time(who, TURN_MS)) / items);
  }
  return {
    ratio: spreadOf(nanos.theirs.map((value, sample) => value / (nanos.ours[sample] ?? Number.NaN))),
    oursNanosAnItem: spreadOf(nanos.ours),
    theirsNanosAnItem: spreadOf(nanos.theirs),
    copyNanosAnItem: spreadOf(nanos.copy),
  };
}
