/**
 * One disk, and processes over it, one after the other: each is a delivery of its own that may be
 * stopped or, as by a power cut, be gone from one moment to the next. The disk counts what is asked of
 * it, and a test makes it slow or lets it fail.
 */
import { SluiceError } from "../../src/base/errors.ts";
import { type Change, type Storage } from "../../src/pipeline/storage.ts";
import { MemoryStorage } from "../contract/storage-faults.ts";
import type { TestClock } from "../harness/clock.ts";
import { deliveryRig, type DeliveryRig, type RigOptions } from "./delivery-rig.ts";

export class Disk {
  readonly storage = new MemoryStorage();
  commits = 0;
  /** Of values. */
  gets = 0;
  bytesWritten = 0;
  /** Whether a commit fails. */
  fails: (changes: readonly Change[]) => boolean = () => false;
  fullOfReads = false;
  /** Whether what a key has is damaged: it can neither be read nor deleted. */
  damages: (key: string) => boolean = () => false;
  /** How long a commit takes, ms. */
  commitMs = 0;

  async keys(prefix = "delivery/"): Promise<readonly string[]> {
    return this.storage.list(prefix, 1_000_000);
  }

  /** What is there of batches: bodies' rows and references, without the session. */
  async kept(): Promise<{ readonly bodies: number; readonly entries: number }> {
    const [bodies, entries] = await Promise.all([this.keys("delivery/body/"), this.keys("delivery/queue/")]);
    return { bodies: bodies.length, entries: entries.length };
  }
}

export interface Process extends DeliveryRig {
  /** From now on nothing that it does reaches the disk. */
  crash(): void;
}

export interface ProcessOptions extends RigOptions {
  /** How the destination answers from the start. */
  readonly answer?: DeliveryRig["answer"];
}

/** A process that has started over the disk. */
export async function processOn(disk: Disk, clock: TestClock, settings: Readonly<Record<string, unknown>>, options: ProcessOptions = {}): Promise<Process> {
  const power = { on: true };
  const rig = deliveryRig(settings, { storage: plugged(disk, clock, power), ...options, clock });
  rig.answer = options.answer ?? rig.answer;
  await Promise.all([rig.exporter.start?.(), clock.advance(0)]);
  return Object.assign(rig, { crash: () => void (power.on = false) });
}

const DAMAGED = new SluiceError("storage", "Cannot use the disk: it is damaged there", { damaged: true });

/** The disk as one process has it. */
export function plugged(disk: Disk, clock: TestClock, power: { readonly on: boolean } = { on: true }): Storage {
  const never = new Promise<never>(() => {});
  return {
    durable: true,
    list: (prefix, limit, after) => (power.on ? disk.storage.list(prefix, limit, after) : never),
    get: async (key) => {
      if (!power.on) return never;
      disk.gets++;
      if (disk.fullOfReads) throw new TypeError("The disk cannot be read");
      if (disk.damages(key)) throw DAMAGED;
      return disk.storage.get(key);
    },
    commit: async (changes) => {
      const copies = changes.map((change) => (change.kind === "put" ? { ...change, value: change.value.slice() } : change));
      if (disk.commitMs > 0) await clock.sleep(disk.commitMs);
      if (!power.on) return never;
      if (disk.fails(copies)) throw new TypeError("The disk failed");
      if (copies.some(({ key }) => disk.damages(key))) throw DAMAGED;
      disk.commits++;
      for (const change of copies) if (change.kind === "put") disk.bytesWritten += change.value.length;
      return disk.storage.commit(copies);
    },
    close: () => Promise.resolve(),
  };
}

/** Settings of a durable queue. */
export function durable(queue: Readonly<Record<string, unknown>> = {}, rest: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { sending_queue: { storage: "file_storage", ...queue }, ...rest };
}
