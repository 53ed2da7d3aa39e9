/**
 * The object's alarm: whatever was written down wakes the object, should the platform have ended it, and
 * keeps it awake until nothing is left. The platform calls an alarm again only a few times when it
 * fails, so it is set again in `finally`, for as long as anything waits.
 */
import type { Host } from "../../base/host.ts";
import { messageOf } from "../../base/errors.ts";
import type { Change, Storage } from "../../pipeline/storage.ts";
import type { ObjectStorage } from "./durable-object.ts";

/** Below the ten seconds after which an idle object may be ended. */
const AFTER_MS = 5000;
/** An alarm may run for 15 minutes; shorter ones let a new version of the Worker in sooner. */
const AWAKE_MS = 30_000;
const LOOK_MS = 50;

export interface AlarmParts {
  readonly storage: Pick<ObjectStorage, "getAlarm" | "setAlarm">;
  readonly host: Pick<Host, "clock" | "logger" | "sleep">;
}

export class Alarm {
  readonly #parts: AlarmParts;
  #isSet = false;

  constructor(parts: AlarmParts) {
    this.#parts = parts;
  }

  /** To be called first, when the object begins: an alarm that is about to come would be put off by one that is set anew. */
  async find(): Promise<void> {
    this.#isSet = (await this.#parts.storage.getAlarm()) !== null;
  }

  /** Sets it, unless it is. What is written in the same turn is kept with it or not at all. */
  set(afterMs = AFTER_MS): void {
    if (this.#isSet) return;
    this.#isSet = true;
    const { host, storage } = this.#parts;
    storage.setAlarm(host.clock.nowMs() + afterMs).catch((error: unknown) => {
      this.#isSet = false;
      host.logger.log("error", "Cannot set the alarm", { message: messageOf(error) });
    });
  }

  /** The platform's call: stays until nothing is pending, for a while at the most. */
  async run(pending: () => number): Promise<void> {
    const { clock, sleep } = this.#parts.host;
    this.#isSet = false;
    const endMs = clock.monotonicMs() + AWAKE_MS;
    try {
      while (pending() > 0 && clock.monotonicMs() < endMs) await sleep(LOOK_MS);
    } finally {
      if (pending() > 0) this.set();
    }
  }

  /** The same storage; whoever puts something sets the alarm. */
  over(storage: Storage): Storage {
    return {
      durable: storage.durable,
      get: (key) => storage.get(key),
      list: (...wanted) => storage.list(...wanted),
      commit: (changes: readonly Change[]) => {
        if (changes.some(({ kind }) => kind === "put")) this.set();
        return storage.commit(changes);
      },
      close: () => storage.close(),
    };
  }
}
