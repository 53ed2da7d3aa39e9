/** One of several endpoints, by turns, by load or by key. Each list has one at least; a choice is a function of what is given and what was chosen before. */
import { SluiceError } from "../base/errors.ts";
import { murmur3, type Seed } from "./rendezvous.ts";

export interface Candidate {
  readonly name: string;
  readonly seed: Seed;
  weight: number;
  inFlight: number;
  /** Of this choice: the part of its traffic that it may have, above 0 to 1. */
  share: number;
  /** In turns: what it is owed. */
  owed: number;
  /** By load: shares saved up; with a whole one it stands for choice. */
  credit: number;
  /** The number of the choice in which it was chosen last. */
  lastPick: number;
}

export const evenly = (): number => 1;
export const byWeight = ({ weight }: Candidate): number => weight;

/** Smooth weighted round robin: each is owed its weight by every choice, and who is owed most pays for all. */
export function inTurns<C extends Candidate>(among: readonly C[], weightOf: (candidate: C) => number): C {
  let sum = 0;
  for (const candidate of among) {
    const due = weightOf(candidate) * candidate.share;
    candidate.owed += due;
    sum += due;
  }
  const chosen = best(among, (a, b) => a.owed > b.owed);
  chosen.owed -= sum;
  return chosen;
}

/** The least in flight for its weight; among equals who waited longest. */
export function leastInFlight<C extends Candidate>(among: readonly C[]): C {
  for (const candidate of among) candidate.credit = Math.min(1, candidate.credit) + candidate.share;
  const standing = orAll(
    among.filter(({ credit }) => credit >= 1),
    among,
  );
  for (const candidate of standing) candidate.credit = Math.max(0, candidate.credit - 1);
  return best(standing, (a, b) => load(a) < load(b) || (load(a) === load(b) && a.lastPick < b.lastPick));
}

function load({ inFlight, weight }: Candidate): number {
  return (inFlight + 1) / weight;
}

/**
 * The highest score for the key. One on the way back stands only for a part of the keys, which the
 * lower half of its score picks out and which only grows: a key comes back once. Asked for every item of
 * a batch: nothing is allocated.
 */
export function byKey<C extends Candidate>(among: readonly C[], key: Uint8Array): C {
  const chosen = highest(among, key, false) ?? highest(among, key, true);
  if (chosen === undefined) throw noneThere();
  return chosen;
}

function highest<C extends Candidate>(among: readonly C[], key: Uint8Array, whatever: boolean): C | undefined {
  let chosen: C | undefined;
  let high = 0;
  let low = 0;
  for (const one of among) {
    const ownLow = murmur3(key, one.seed.low);
    if (!whatever && one.share < 1 && ownLow >= one.share * 2 ** 32) continue;
    const ownHigh = murmur3(key, one.seed.high);
    const difference = ownHigh - high || ownLow - low;
    if (chosen !== undefined && (difference < 0 || (difference === 0 && one.name > chosen.name))) continue;
    chosen = one;
    high = ownHigh;
    low = ownLow;
  }
  return chosen;
}

/** All of them, when none stands for choice. */
function orAll<C>(some: readonly C[], all: readonly C[]): readonly C[] {
  return some.length === 0 ? all : some;
}

/** The first that no later one is better than. */
function best<C>(among: readonly C[], better: (one: C, best: C) => boolean): C {
  let chosen: C | undefined;
  for (const one of among) if (chosen === undefined || better(one, chosen)) chosen = one;
  if (chosen === undefined) throw noneThere();
  return chosen;
}

function noneThere(): SluiceError {
  return new SluiceError("internal", "Cannot choose an endpoint: there is none");
}
