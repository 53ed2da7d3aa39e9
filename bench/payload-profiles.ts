/**
 * Profiles: one dictionary, stacks of eight frames. From 20 profiles on they are a hundred samples each
 * over 200 locations; fewer are smaller too.
 */
import type { Plain } from "../test/harness/judge.ts";
import { nanos, spread } from "./payload-parts.ts";
import type { Random } from "./random.ts";

const NAMES = { groups: "resourceProfiles", scopes: "scopeProfiles", items: "profiles" } as const;

interface Sizes {
  readonly locations: number;
  readonly stacks: number;
  readonly samples: number;
}

export function makeProfiles(random: Random, items: number, resources: number): Plain {
  const scale = Math.min(items, 20);
  const sizes = { locations: scale * 10, stacks: scale * 3, samples: scale * 5 };
  const groups = spread(random, items, resources, NAMES, (number) => makeProfile(random, number, sizes));
  return { ...groups, dictionary: makeDictionary(random, sizes) };
}

function makeProfile(random: Random, number: number, { samples, stacks }: Sizes): Plain {
  return {
    sampleType: { typeStrindex: 1, unitStrindex: 2 },
    samples: Array.from({ length: samples }, () => ({
      stackIndex: 1 + random.below(stacks),
      attributeIndices: [1, 2],
      linkIndex: 1,
      values: [String(1 + random.below(5000))],
      timestampsUnixNano: [nanos(number * 1000 + random.below(900))],
    })),
    timeUnixNano: nanos(number * 1000),
    durationNano: "10000000000",
    periodType: { typeStrindex: 3, unitStrindex: 4 },
    period: "52631578",
    profileId: random.bytes(16),
    ...(random.chance(20) ? { originalPayloadFormat: "pprof", originalPayload: random.bytes(300) } : {}),
    attributeIndices: [1],
  };
}

function makeDictionary(random: Random, { locations, stacks }: Sizes): Plain {
  const strings = ["", "cpu", "nanoseconds", "samples", "count", "/usr/bin/größe", "thread.name"];
  for (let i = 0; i < locations; i++) strings.push(`shop.${random.hex(6)}.handle`);
  return {
    mappingTable: [{}, { memoryStart: "4194304", memoryLimit: "8388608", filenameStrindex: 5 }],
    locationTable: [
      {},
      ...some(locations, (i) => ({ mappingIndex: 1, address: String(4_194_304 + i * 64), lines: [{ functionIndex: i + 1, line: String(i + 10) }] })),
    ],
    functionTable: [{}, ...some(locations, (i) => ({ nameStrindex: i + 7, filenameStrindex: 5, startLine: String(i + 1) }))],
    linkTable: [{}, { traceId: random.bytes(16), spanId: random.bytes(8) }],
    stringTable: strings,
    attributeTable: [{}, { keyStrindex: 6, value: { stringValueStrindex: 7 } }, { keyStrindex: 6, value: { intValue: "12" }, unitStrindex: 2 }],
    stackTable: [{}, ...some(stacks, () => ({ locationIndices: some(8, () => 1 + random.below(locations)) }))],
  };
}

function some<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}
