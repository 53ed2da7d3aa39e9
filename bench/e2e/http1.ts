/**
 * As much HTTP/1.1 as the load generator and the sink need: one parser for requests and responses
 * alike, on a keep-alive connection, bodies by length or chunked. A body is gathered in a buffer that
 * the next message reuses: copy what you keep. Head at most 16 KiB, body at most 64 MiB.
 */
import type { Buffer } from "node:buffer";

const HEAD_BYTES_MAX = 16_384;
const BODY_BYTES_MAX = 64 * 1024 * 1024;
const CRLF = 2;
const LINE_FEED = 10;

export interface Message {
  /** `POST /v1/traces HTTP/1.1` or `HTTP/1.1 200 OK`. */
  readonly start: string;
  /** The whole head in lower case, for `headerOf`. */
  readonly head: string;
  /** Valid until the call returns. */
  readonly body: Uint8Array;
}

/** A header's value in lower case, or undefined. */
export function headerOf(head: string, name: string): string | undefined {
  const at = head.indexOf(`\n${name}:`);
  if (at < 0) return undefined;
  const from = at + name.length + 2;
  return head.slice(from, head.indexOf("\r", from)).trim();
}

/** What the rest of a message is. */
const STATE = { head: 0, sized: 1, chunkLine: 2, chunkData: 3, chunkEnd: 4, trailer: 5 } as const;

export class MessageParser {
  readonly #onMessage: (message: Message) => void;
  /** An answer to send before the body comes: `Expect: 100-continue`. */
  readonly #onContinue: () => void;
  #state: number = STATE.head;
  #start = "";
  #head = "";
  #line = "";
  #left = 0;
  #body = new Uint8Array(65_536);
  #length = 0;

  constructor(onMessage: (message: Message) => void, onContinue: () => void = () => undefined) {
    this.#onMessage = onMessage;
    this.#onContinue = onContinue;
  }

  /** Takes what a socket read. Throws RangeError on what it cannot be. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === STATE.sized || this.#state === STATE.chunkData) at = this.#takeBody(chunk, at);
      else at = this.#takeLine(chunk, at);
    }
  }

  #takeBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    this.#reserve(this.#length + this.#left);
    this.#body.set(chunk.subarray(at, end), this.#length);
    this.#length += end - at;
    this.#left -= end - at;
    if (this.#left === 0) {
      if (this.#state === STATE.sized) this.#finish();
      else this.#state = STATE.chunkEnd;
    }
    return end;
  }

  /** Heads and chunk lines are rare beside body bytes: strings will do. */
  #takeLine(chunk: Buffer, at: number): number {
    const found = chunk.indexOf(LINE_FEED, at);
    const end = found < 0 ? chunk.length : found + 1;
    this.#line += chunk.toString("latin1", at, end);
    if (this.#line.length + this.#head.length > HEAD_BYTES_MAX) throw new RangeError("Cannot read a message: its head is over 16 KiB");
    if (found >= 0) {
      const line = this.#line;
      this.#line = "";
      this.#takeWholeLine(line);
    }
    return end;
  }

  #takeWholeLine(line: string): void {
    const empty = line.length <= CRLF;
    switch (this.#state) {
      case STATE.chunkLine:
        this.#left = Number.parseInt(line, 16);
        this.#state = this.#left === 0 ? STATE.trailer : STATE.chunkData;
        return;
      case STATE.chunkEnd:
        this.#state = STATE.chunkLine;
        return;
      case STATE.trailer:
        if (empty) this.#finish();
        return;
      default:
        if (empty) this.#endHead();
        else if (this.#start === "") this.#start = line.trimEnd();
        else this.#head += `\n${line.trimEnd().toLowerCase()}\r`;
    }
  }

  #endHead(): void {
    // 1xx answers have no body and are not the answer.
    if (this.#start.startsWith("HTTP/1.1 1")) {
      this.#start = "";
      this.#head = "";
      return;
    }
    if (this.#head.includes("\nexpect: 100-continue")) this.#onContinue();
    const length = Number(headerOf(this.#head, "content-length") ?? 0);
    if (!(length <= BODY_BYTES_MAX)) throw new RangeError("Cannot read a message: its body is over 64 MiB");
    this.#left = length;
    if (headerOf(this.#head, "transfer-encoding") === "chunked") this.#state = STATE.chunkLine;
    else if (length > 0) this.#state = STATE.sized;
    else this.#finish();
  }

  #finish(): void {
    const message = {
      start: this.#start,
      head: this.#head,
      body: this.#body.subarray(0, this.#length),
    };
    this.#state = STATE.head;
    this.#start = "";
    this.#head = "";
    this.#length = 0;
    this.#onMessage(message);
  }

  #reserve(size: number): void {
    if (size <= this.#body.length) return;
    if (size > BODY_BYTES_MAX) throw new RangeError("Cannot read a message: its body is over 64 MiB");
    const larger = new Uint8Array(2 ** Math.ceil(Math.log2(size)));
    larger.set(this.#body.subarray(0, this.#length));
    this.#body = larger;
  }
}
