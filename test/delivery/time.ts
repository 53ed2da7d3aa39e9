/** A host whose time the test sets and whose chance is seeded; its wall clock jumps with every reading, so that whoever looks at it is found out. */
import { Random } from "../../bench/random.ts";

export interface TestHost {
  /** Monotonic. */
  ms: number;
  readonly clock: { monotonicMs(): number; nowMs(): number };
  random(): number;
}

/** `chance`: what every draw gives, in place of the seed. */
export function hostAt(seed: number, chance?: number): TestHost {
  const random = new Random(seed);
  const host: TestHost = {
    ms: 1000,
    clock: { monotonicMs: () => host.ms, nowMs: () => random.next() * 1000 },
    random: () => chance ?? random.next() / 2 ** 32,
  };
  return host;
}
