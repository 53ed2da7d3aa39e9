/**
 * Objects behind S3's API (docs.aws.amazon.com/AmazonS3/latest/API): PUT, GET, DELETE and ListObjectsV2, by path
 * (`endpoint/bucket/name`), signed with Signature Version 4. Over fetch, on Node, Bun and Deno; in no Worker's bundle.
 *
 * A request that may succeed later is tried three times. `If-None-Match: *` keeps a PUT from overwriting: one that
 * finds its name taken, and whose earlier try may have arrived, looks whether what is there is its own.
 * Limits: 30 s for a request; of an answer that is no object, 8 MiB.
 */
import { AwsV4Signer } from "aws4fetch";
import { SluiceError } from "../../../base/errors.ts";
import type { Host, HttpClient, HttpResult } from "../../../base/host.ts";
import { checkObjectName, type ObjectPlace, type ObjectStore } from "../../../base/objects.ts";
import { failedError, mayPass, pageOf, refusedError } from "./s3-answers.ts";

type Place = Extract<ObjectPlace, { kind: "s3" }>;
type Response = Extract<HttpResult, { kind: "response" }>;

const TIMEOUT_MS = 30_000;
const TRIES = 3;
const FIRST_WAIT_MS = 250;
/** A thousand names of the longest, escaped, and what stands around each. */
const ANSWER_BYTES_MAX = 8 << 20;
const PAGE_NAMES = 1000;
const DELETES_AT_A_TIME = 8;
const NOTHING = new Uint8Array(0);

const OK = 200;
const NOT_OK = 300;
const NOT_FOUND = 404;
const TAKEN = 412;

interface Request {
  readonly method: "GET" | "PUT" | "DELETE";
  /** Undefined: the bucket. */
  readonly name?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly answerBytesMax?: number;
}

export interface S3Parts {
  readonly client: HttpClient;
  readonly host: Pick<Host, "clock" | "sleep">;
  /** Names of a page of a list. Default 1000, which is S3's most. */
  readonly pageNames?: number;
}

/** Asks nothing yet. */
export function openBucket(place: Place, parts: S3Parts): ObjectStore {
  return new Bucket(place, parts);
}

class Bucket implements ObjectStore {
  readonly #place: Place;
  readonly #parts: S3Parts;
  /** Of the signer: a key for each day. */
  readonly #keys = new Map<string, ArrayBuffer>();

  constructor(place: Place, parts: S3Parts) {
    this.#place = place;
    this.#parts = parts;
  }

  async put(name: string, bytes: Uint8Array): Promise<"kept" | "taken"> {
    checkObjectName(name);
    const { response, tries } = await this.#ask("write", { method: "PUT", name, body: bytes, headers: { "if-none-match": "*" } });
    if (response.status === OK) return "kept";
    if (response.status !== TAKEN) throw refusedError("write", this.#place, response);
    return tries > 1 && equals(await this.#found(name, bytes.length), bytes) ? "kept" : "taken";
  }

  async get(name: string, bytesMax: number): Promise<Uint8Array | undefined> {
    checkObjectName(name);
    const { response } = await this.#ask("read", { method: "GET", name, answerBytesMax: Math.max(bytesMax, ANSWER_BYTES_MAX) });
    const { body, status } = response;
    if (status === NOT_FOUND && !isBucketMissing(response)) return undefined;
    if (status !== OK) throw refusedError("read", this.#place, response);
    if (body.length > bytesMax) throw tooLarge(name, bytesMax);
    return body;
  }

  async *list(prefix: string): AsyncGenerator<readonly string[], undefined> {
    let token: string | undefined;
    do {
      const after: Record<string, string> = token === undefined ? {} : { "continuation-token": token };
      const query = { "list-type": "2", "encoding-type": "url", "max-keys": String(this.#parts.pageNames ?? PAGE_NAMES), prefix, ...after };
      const { response } = await this.#ask("list", { method: "GET", query });
      if (response.status !== OK) throw refusedError("list", this.#place, response);
      const page = pageOf(this.#place, response.body);
      if (page.names.length > 0) yield page.names;
      // One that is given again would be asked for without end.
      token = page.next === token ? undefined : page.next;
    } while (token !== undefined);
    return undefined;
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const name of names) checkObjectName(name);
    for (let at = 0; at < names.length; at += DELETES_AT_A_TIME) {
      await Promise.all(names.slice(at, at + DELETES_AT_A_TIME).map((name) => this.#deleteOne(name)));
    }
  }

  async #deleteOne(name: string): Promise<void> {
    const { response } = await this.#ask("delete from", { method: "DELETE", name });
    const isGone = response.status < NOT_OK || (response.status === NOT_FOUND && !isBucketMissing(response));
    if (!isGone) throw refusedError("delete from", this.#place, response);
  }

  /** Undefined where it is gone, or another one. */
  async #found(name: string, bytesMax: number): Promise<Uint8Array | undefined> {
    try {
      return await this.get(name, bytesMax);
    } catch (error) {
      if (error instanceof SluiceError && error.damaged) return undefined;
      throw error;
    }
  }

  /** The last answer. Rejects with `storage` where there was none. */
  async #ask(doing: string, request: Request): Promise<{ readonly response: Response; readonly tries: number }> {
    for (let tries = 1; ; tries++) {
      const result = await this.#send(request);
      const isLast = tries === TRIES;
      if (result.kind === "response" && (isLast || !mayPass(result.status))) return { response: result, tries };
      if (result.kind === "failed" && result.reason === "response_too_large") throw tooLarge(request.name ?? "", request.answerBytesMax ?? ANSWER_BYTES_MAX);
      if (result.kind === "failed" && (isLast || result.reason === "tls")) throw failedError(doing, this.#place, result);
      await this.#parts.host.sleep(FIRST_WAIT_MS * 4 ** (tries - 1));
    }
  }

  async #send({ answerBytesMax = ANSWER_BYTES_MAX, body = NOTHING, headers, method, name, query = {} }: Request): Promise<HttpResult> {
    const { accessKeyId, bucket, endpoint, region, secretAccessKey } = this.#place;
    const url = new URL(endpoint);
    url.pathname = `/${bucket}${name === undefined ? "" : `/${encoded(name)}`}`;
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const datetime = new Date(this.#parts.host.clock.nowMs()).toISOString().replace(/[:-]|\.\d{3}/g, "");
    const signed = await new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...headers, "x-amz-content-sha256": await sha256(body) },
      accessKeyId,
      secretAccessKey,
      service: "s3",
      region,
      datetime,
      cache: this.#keys,
    }).sign();
    return this.#parts.client.send({
      method,
      url: signed.url.href,
      headers: Object.fromEntries(signed.headers),
      slices: body.length === 0 ? [] : [body],
      length: body.length,
      timeoutMs: TIMEOUT_MS,
      responseMaxBytes: answerBytesMax,
      onReleased: () => {},
    });
  }
}

/** A part of a name may have a percent sign of its own. */
function encoded(name: string): string {
  return name.split("/").map(encodeURIComponent).join("/");
}

/** Off the thread: a body may be large. */
async function sha256({ buffer, byteLength, byteOffset }: Uint8Array): Promise<string> {
  if (!(buffer instanceof ArrayBuffer)) throw new SluiceError("internal", "Cannot put an object: its bytes are in shared memory");
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(buffer, byteOffset, byteLength));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isBucketMissing({ body }: Response): boolean {
  return new TextDecoder().decode(body.subarray(0, 4096)).includes("<Code>NoSuchBucket</Code>");
}

function tooLarge(name: string, bytesMax: number): SluiceError {
  return new SluiceError("storage", `Cannot read object "${name}": it has more than ${bytesMax} bytes`, { damaged: true });
}

function equals(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one?.length === other.length && one.every((byte, index) => byte === other[index]);
}
