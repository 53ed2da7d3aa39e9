/**
 * The simulated network, and a destination behind it. A request takes its time, is lost, late, or cut
 * before or after the destination took it; a destination takes it, or some of it, or says in one of many
 * ways that it does not. What has left a process arrives also when the process is gone.
 */
import type { Random } from "../../bench/random.ts";
import { messageOf } from "../../src/base/errors.ts";
import type { HttpClient, HttpRequest, HttpResult } from "../../src/base/host.ts";
import { numbersIn } from "./items.ts";
import type { Attempt, SimulationLedger } from "./ledger.ts";
import type { Power, SimulatedTime } from "./time.ts";

/** What becomes of one request. */
type Fate =
  | "taken"
  | "taken_slowly"
  | "taken_with_garbage"
  | "taken_in_part"
  | "unreachable"
  | "lost"
  | "answer_lost"
  | "reset_before"
  | "reset_after"
  | "late"
  | "throttled"
  | "unavailable"
  | "bad_gateway"
  | "too_large"
  | "refused";

/** How a destination is for a while: fates to draw from. */
const MOODS = {
  well: ["taken"],
  slow: ["taken", "taken_slowly", "taken_slowly"],
  flaky: ["taken", "taken", "lost", "answer_lost", "reset_before", "reset_after", "late"],
  down: ["unreachable"],
  hung: ["lost", "answer_lost", "late"],
  overloaded: ["throttled", "unavailable", "bad_gateway", "taken"],
  odd: ["taken_with_garbage", "taken_in_part", "taken", "refused"],
  narrow: ["too_large", "too_large", "taken"],
  mixed: ["taken", "answer_lost", "reset_after", "unavailable", "too_large", "taken_in_part", "taken_slowly", "late", "throttled"],
} as const satisfies Readonly<Record<string, readonly Fate[]>>;

export type Mood = keyof typeof MOODS;
export const MOOD_NAMES: readonly Mood[] = ["well", "slow", "flaky", "down", "hung", "overloaded", "odd", "narrow", "mixed"];

const WRITE_MS_MAX = 20;
const WAY_MS_MAX = 30;
const RELEASE_MS_MAX = 60;
const RETRY_AFTER_SECONDS_MAX = 4;
/** A partial success of more would be another varint. */
const REJECTED_MAX = 100;
const EMPTY = new Uint8Array(0);

type Headers = Readonly<Record<string, string>>;

export interface DestinationOptions {
  readonly name: string;
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly ledger: SimulationLedger;
}

export class Destination {
  mood: Mood = "well";
  posts = 0;
  readonly #options: DestinationOptions;

  constructor(options: DestinationOptions) {
    this.#options = options;
  }

  /** The client of one process. */
  client(power: Power): HttpClient {
    const open = new Set<() => void>();
    return {
      send: (request) => this.#post(request, power, open),
      close: () => {
        for (const cut of open) cut();
        return Promise.resolve();
      },
    };
  }

  /** `open`: what cuts each exchange off that has no answer. */
  async #post(request: HttpRequest, power: Power, open: Set<() => void>): Promise<HttpResult> {
    const { ledger, name, random, time } = this.#options;
    const fate: Fate = random.pick(MOODS[this.mood]);
    this.posts++;
    const exchange = Promise.withResolvers<HttpResult>();
    let over = false;
    const end = (result: HttpResult): boolean => {
      const first = !over;
      over = true;
      exchange.resolve(result);
      return first;
    };
    const cut = () => void end(failed("reset"));
    open.add(cut);
    void time.after(request.timeoutMs, power).then(() => end(failed("timeout")));
    await time.after(random.below(WRITE_MS_MAX), power);
    const attempt = ledger.attempt(name, numbersIn(joined(request.slices, request.length)));
    void this.#travel(request, fate, attempt, power, end);
    const result = await exchange.promise;
    open.delete(cut);
    // Nothing reads the slices any more, but who says so may take a while.
    time
      .after(random.below(RELEASE_MS_MAX), power)
      .then(request.onReleased)
      .catch((error: unknown) => ledger.violated(`${name}: letting go of a request failed: ${messageOf(error)}`));
    return result;
  }

  /** The bytes are on their way, and go on whatever becomes of the process. */
  async #travel({ timeoutMs }: HttpRequest, fate: Fate, attempt: Attempt, power: Power, end: (result: HttpResult) => boolean): Promise<void> {
    const { ledger, random, time } = this.#options;
    const { numbers } = attempt;
    if (fate === "lost") return;
    await time.after(random.below(WAY_MS_MAX) + (fate === "late" ? timeoutMs * (1 + random.below(3)) : 0));
    const answer = async (status: number, headers: Headers = {}, body: Uint8Array = EMPTY, last: () => void = () => {}) => {
      await time.after(random.below(WAY_MS_MAX) + (fate === "taken_slowly" ? random.below(timeoutMs * 1.2) : 0), power);
      if (!end(response(status, headers, body))) return;
      attempt.answeredMs = time.monotonicMs();
      last();
    };
    switch (fate) {
      case "unreachable":
      case "reset_before":
        await time.after(1, power);
        end(failed(fate === "unreachable" ? "connect" : "reset"));
        return;
      case "answer_lost":
        ledger.accepts(attempt, numbers);
        return;
      case "reset_after":
        ledger.accepts(attempt, numbers);
        await time.after(random.below(WAY_MS_MAX), power);
        end(failed("reset"));
        return;
      case "taken_in_part": {
        const rejected = Math.min(1 + random.below(numbers.length), REJECTED_MAX);
        ledger.accepts(attempt, numbers.slice(rejected));
        // Export<Signal>ServiceResponse.partial_success, of which rejected_<items> is field 1.
        const body = Uint8Array.from([0x0a, 0x02, 0x08, rejected]);
        return answer(200, { "content-type": "application/x-protobuf" }, body, () => ledger.rejects(attempt, numbers.slice(0, rejected)));
      }
      case "throttled":
        return answer(429, this.#retryAfter());
      case "unavailable":
        return answer(random.chance(50) ? 503 : 504, this.#retryAfter());
      case "bad_gateway":
        return answer(502);
      case "too_large":
        return answer(413, {}, EMPTY, () => numbers.length === 1 && ledger.rejects(attempt, numbers));
      case "refused":
        return answer(400, {}, random.bytes(9), () => ledger.rejects(attempt, numbers));
      default:
        ledger.accepts(attempt, numbers);
        return answer(200, {}, fate === "taken_with_garbage" ? random.bytes(1 + random.below(40)) : EMPTY);
    }
  }

  #retryAfter(): Headers {
    const { random, time } = this.#options;
    const seconds = random.below(RETRY_AFTER_SECONDS_MAX);
    if (random.chance(50)) return {};
    return { "retry-after": random.chance(50) ? String(seconds) : new Date(time.nowMs() + seconds * 1000).toUTCString() };
  }
}

function response(status: number, headers: Headers, body: Uint8Array): HttpResult {
  return { kind: "response", status, header: (name) => headers[name], body };
}

function failed(reason: "timeout" | "connect" | "reset"): HttpResult {
  return { kind: "failed", reason, message: "simulated" };
}

function joined(slices: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const slice of slices) {
    bytes.set(slice, at);
    at += slice.length;
  }
  return bytes;
}
