/**
 * A tracestate, read and written in place (W3C Trace Context, "tracestate Header Field Values"; OpenTelemetry
 * specification, "TraceState Handling"):
 *
 *   tracestate = member *( "," member ), at most 1,024 bytes and 31 members (the Collector's limit)
 *   member     = [ key "=" value ], blanks and tabs around it
 *   ot member  = sub *( ";" sub ), sub = key ":" value, at most 256 bytes; `rv` and `th` are the sampler's
 *
 * Other vendors' members and other sub-keys are kept as ranges. A text with faults leaves what could
 * be read of it, exactly as in the Collector, which in one mode writes that back. Reused; nothing is
 * allocated per item.
 */
import { Bits56, DIGITS, readDigits, setAlways, writeDigits, writeThreshold } from "./bits56.ts";

const TEXT_BYTES_MAX = 1024;
const MEMBERS_MAX = 31;
const VALUE_BYTES_MAX = 256;
const KEY_BYTES_MAX = 256;
const TENANT_BYTES_MAX = 241;
const SYSTEM_BYTES_MAX = 14;
/** `k:` and a semicolon: no more sub-keys fit in 256 bytes. */
const SUBS_MAX = 86;
/** What `write` needs at the most: the text, `ot=`, `rv` and `th` with their digits. */
export const WRITTEN_BYTES_MAX = TEXT_BYTES_MAX + 64;

const COMMA = 0x2c;
const EQUALS = 0x3d;
const SEMICOLON = 0x3b;
const COLON = 0x3a;
const AT = 0x40;

export class TraceState {
  readonly randomness = new Bits56();
  readonly threshold = new Bits56();
  hasRandomness = false;
  hasThreshold = false;
  /** Where `rv` and `th` stand as text; start 0 when they were set here and have to be written anew. */
  #rvStart = 0;
  #thStart = 0;
  #thEnd = 0;
  /** Pairs of start and end: the members of others, and the other sub-keys. */
  readonly #members = new Int32Array(MEMBERS_MAX * 2);
  #memberCount = 0;
  readonly #subs = new Int32Array(SUBS_MAX * 2);
  #subCount = 0;

  /** Reads the text at [start, end), which may be empty. False when it has faults. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.#memberCount = 0;
    this.#clear();
    if (start === end) return true;
    if (end - start > TEXT_BYTES_MAX || !isTraceState(bytes, start, end)) return false;
    let sound = true;
    let count = 0;
    for (let at = start; at < end;) {
      if (++count > MEMBERS_MAX) return false;
      const comma = indexOf(bytes, COMMA, at, end);
      const from = skipBlanks(bytes, at, comma);
      const to = skipBlanksBack(bytes, from, comma);
      if (from < to && !this.#member(bytes, from, to)) sound = false;
      at = comma + 1;
    }
    return sound;
  }

  setRandomness(value: Bits56): void {
    this.randomness.copy(value);
    this.hasRandomness = true;
    this.#rvStart = 0;
  }

  clearThreshold(): void {
    this.hasThreshold = false;
    setAlways(this.threshold);
  }

  /** Sets the threshold, unless that would raise the probability which the item says of itself. */
  raiseThreshold(value: Bits56): void {
    if (this.hasThreshold && this.threshold.above(value)) return;
    this.threshold.copy(value);
    this.hasThreshold = true;
    this.#thStart = 0;
  }

  /** Writes it in canonical form, the `ot` member first, at `at`, where there is room; returns the address behind it. */
  write(bytes: Uint8Array, at: number): number {
    let to = at;
    if (this.hasRandomness || this.hasThreshold || this.#subCount > 0) to = this.#writeOwn(bytes, to);
    for (let index = 0; index < this.#memberCount; index++) {
      if (to > at) bytes[to++] = COMMA;
      to = copy(bytes, to, this.#members[index * 2] ?? 0, this.#members[index * 2 + 1] ?? 0);
    }
    return to;
  }

  #writeOwn(bytes: Uint8Array, at: number): number {
    let to = at;
    bytes[to++] = 0x6f;
    bytes[to++] = 0x74;
    bytes[to++] = EQUALS;
    const first = to;
    if (this.hasRandomness) {
      to = writeKey(bytes, to, 0x72, 0x76);
      to = this.#rvStart === 0 ? writeDigits(bytes, to, this.randomness) : copy(bytes, to, this.#rvStart, this.#rvStart + DIGITS);
    }
    if (this.hasThreshold) {
      if (to > first) bytes[to++] = SEMICOLON;
      to = writeKey(bytes, to, 0x74, 0x68);
      to = this.#thStart === 0 ? writeThreshold(bytes, to, this.threshold) : copy(bytes, to, this.#thStart, this.#thEnd);
    }
    for (let index = 0; index < this.#subCount; index++) {
      if (to > first) bytes[to++] = SEMICOLON;
      to = copy(bytes, to, this.#subs[index * 2] ?? 0, this.#subs[index * 2 + 1] ?? 0);
    }
    return to;
  }

  #clear(): void {
    this.hasRandomness = false;
    this.hasThreshold = false;
    setAlways(this.threshold);
    this.#subCount = 0;
  }

  /** Takes in one member whose syntax is sound. */
  #member(bytes: Uint8Array, start: number, end: number): boolean {
    const equals = indexOf(bytes, EQUALS, start, end);
    if (!keyFits(bytes, start, equals)) return false;
    if (equals - start === 2 && bytes[start] === 0x6f && bytes[start + 1] === 0x74) return this.#own(bytes, equals + 1, end);
    this.#members[this.#memberCount * 2] = start;
    this.#members[this.#memberCount * 2 + 1] = end;
    this.#memberCount++;
    return true;
  }

  /** The value of an `ot` member. A second one takes the place of the first. */
  #own(bytes: Uint8Array, start: number, end: number): boolean {
    this.#clear();
    if (!isOwnValue(bytes, start, end)) return false;
    let sound = true;
    for (let at = start; at < end;) {
      const stop = indexOf(bytes, SEMICOLON, at, end);
      if (!this.#sub(bytes, at, stop)) sound = false;
      at = stop + 1;
    }
    return sound;
  }

  #sub(bytes: Uint8Array, start: number, end: number): boolean {
    const colon = indexOf(bytes, COLON, start, end);
    const value = colon + 1;
    if (colon - start === 2 && bytes[start] === 0x72 && bytes[start + 1] === 0x76) {
      this.#rvStart = value;
      this.hasRandomness = end - value === DIGITS && readDigits(this.randomness, bytes, value, end);
      return this.hasRandomness;
    }
    if (colon - start === 2 && bytes[start] === 0x74 && bytes[start + 1] === 0x68) {
      this.#thStart = value;
      this.#thEnd = end;
      this.hasThreshold = readDigits(this.threshold, bytes, value, end);
      if (!this.hasThreshold) setAlways(this.threshold);
      return this.hasThreshold;
    }
    this.#subs[this.#subCount * 2] = start;
    this.#subs[this.#subCount * 2 + 1] = end;
    this.#subCount++;
    return true;
  }
}

function writeKey(bytes: Uint8Array, at: number, first: number, second: number): number {
  bytes[at] = first;
  bytes[at + 1] = second;
  bytes[at + 2] = COLON;
  return at + 3;
}

function copy(bytes: Uint8Array, to: number, start: number, end: number): number {
  for (let at = start; at < end; at++) bytes[to++] = bytes[at] ?? 0;
  return to;
}

/** Address of the first `code` in [start, end), or `end`. */
function indexOf(bytes: Uint8Array, code: number, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== code) at++;
  return at;
}

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(bytes[at] ?? 0)) at++;
  return at;
}

function skipBlanksBack(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(bytes[at - 1] ?? 0)) at--;
  return at;
}

/** The syntax of all members; their sizes and number are looked at later, member by member. */
function isTraceState(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end;) {
    const comma = indexOf(bytes, COMMA, at, end);
    const from = skipBlanks(bytes, at, comma);
    const to = skipBlanksBack(bytes, from, comma);
    if (from < to) {
      const equals = indexOf(bytes, EQUALS, from, to);
      if (equals === to || !isKey(bytes, from, equals) || !isValue(bytes, equals + 1, to)) return false;
    }
    at = comma + 1;
  }
  return true;
}

/** simple-key, or tenant-id "@" system-id. */
function isKey(bytes: Uint8Array, start: number, end: number): boolean {
  const at = indexOf(bytes, AT, start, end);
  if (at === end) return start < end && isLetter(bytes[start] ?? 0) && areKeyChars(bytes, start, end);
  if (at === start || at + 1 === end) return false;
  const tenant = bytes[start] ?? 0;
  return (isLetter(tenant) || isDigit(tenant)) && isLetter(bytes[at + 1] ?? 0) && areKeyChars(bytes, start, at) && areKeyChars(bytes, at + 1, end);
}

function keyFits(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > KEY_BYTES_MAX) return false;
  const at = indexOf(bytes, AT, start, end);
  return at === end || (at - start <= TENANT_BYTES_MAX && end - at - 1 <= SYSTEM_BYTES_MAX);
}

function isValue(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end || end - start > VALUE_BYTES_MAX || bytes[end - 1] === 0x20) return false;
  for (let at = start; at < end; at++) {
    const code = bytes[at] ?? 0;
    if (code < 0x20 || code > 0x7e || code === EQUALS) return false;
  }
  return true;
}

/** sub *( ";" sub ), sub = lcalpha *( lcalpha / DIGIT ) ":" *( ALPHA / DIGIT / "." / "_" / "-" ) */
function isOwnValue(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[end - 1] === SEMICOLON) return false;
  for (let at = start; at < end;) {
    const stop = indexOf(bytes, SEMICOLON, at, end);
    const colon = indexOf(bytes, COLON, at, stop);
    if (colon === stop || colon === at || !isLetter(bytes[at] ?? 0)) return false;
    for (let key = at; key < colon; key++) {
      const code = bytes[key] ?? 0;
      if (!isLetter(code) && !isDigit(code)) return false;
    }
    for (let value = colon + 1; value < stop; value++) if (!isSubChar(bytes[value] ?? 0)) return false;
    at = stop + 1;
  }
  return true;
}

function areKeyChars(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = bytes[at] ?? 0;
    // _ - * /
    if (!isLetter(code) && !isDigit(code) && code !== 0x5f && code !== 0x2d && code !== 0x2a && code !== 0x2f) return false;
  }
  return true;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function isLetter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isSubChar(code: number): boolean {
  return isLetter(code) || isDigit(code) || (code >= 0x41 && code <= 0x5a) || code === 0x2e || code === 0x5f || code === 0x2d;
}
