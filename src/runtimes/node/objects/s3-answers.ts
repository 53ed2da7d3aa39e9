/**
 * What S3 answers, in XML of which a few elements are read, each a text between two tags: a page of a list,
 * whose names are percent-encoded (`encoding-type=url`), and an error.
 */
import { SluiceError } from "../../../base/errors.ts";
import type { HttpResult } from "../../../base/host.ts";
import { isObjectName, type ObjectPlace } from "../../../base/objects.ts";

type Place = Extract<ObjectPlace, { kind: "s3" }>;
type Response = Extract<HttpResult, { kind: "response" }>;
type Failed = Extract<HttpResult, { kind: "failed" }>;

const ENTITIES: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&#39;": "'", "&#34;": '"' };
const MESSAGE_CHARACTERS_MAX = 300;
const ERROR_BYTES_MAX = 16_384;
const MOVED = 300;
const REFUSED = 400;
const CONFLICT = 409;
const TOO_MANY = 429;
const SERVER_ERROR = 500;
const NOT_IMPLEMENTED = 501;

const CREDENTIALS = "Check access_key_id and secret_access_key, and that the key may read, write, list and delete in this bucket";
const REGION = "Set region to the bucket's own, and endpoint to that region's";

/** By the code in an error (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). */
const CURES: Readonly<Record<string, string>> = {
  NoSuchBucket: "Make the bucket, or correct s3.bucket",
  AccessDenied: CREDENTIALS,
  Unauthorized: CREDENTIALS,
  InvalidAccessKeyId: CREDENTIALS,
  SignatureDoesNotMatch: CREDENTIALS,
  AuthorizationHeaderMalformed: REGION,
  PermanentRedirect: REGION,
  TemporaryRedirect: REGION,
  RequestTimeTooSkewed: "Set the clock of this machine",
  NotImplemented: "Use a server that takes If-None-Match on PUT: without it nothing keeps objects from being overwritten",
  EntityTooLarge: "Raise the server's limit for an object",
};

/** A page of ListObjectsV2, without names that are no object's of ours, and the token of the next one. Throws `storage` for anything else. */
export function pageOf(place: Place, body: Uint8Array): { readonly names: readonly string[]; readonly next: string | undefined } {
  const text = new TextDecoder().decode(body);
  if (!text.includes("<ListBucketResult") || !text.includes("</ListBucketResult>")) {
    const cure = "Check s3.endpoint: what answers there is no server of S3's API";
    throw new SluiceError("storage", `Cannot list the bucket "${place.bucket}" at ${place.endpoint}: the answer is no list`, { cure });
  }
  const names = Array.from(text.matchAll(/<Key>([^<]*)<\/Key>/g), ([, key = ""]) => decoded(unescaped(key))).filter(isObjectName);
  const next = /<IsTruncated>true<\/IsTruncated>/.test(text) ? elementIn(text, "NextContinuationToken") : undefined;
  return { names, next };
}

/** Whether the same may succeed later. Two writers at once are told 409: one of them is first the next time. */
export function mayPass(status: number): boolean {
  return (status >= SERVER_ERROR && status !== NOT_IMPLEMENTED) || status === TOO_MANY || status === CONFLICT;
}

/** What was answered in place of what was asked for. */
export function refusedError(doing: string, place: Place, { body, status }: Response): SluiceError {
  const text = new TextDecoder().decode(body.subarray(0, ERROR_BYTES_MAX));
  const code = elementIn(text, "Code");
  const message = elementIn(text, "Message")?.slice(0, MESSAGE_CHARACTERS_MAX);
  const told = [code, message].filter((part) => part !== undefined).join(": ");
  const cure = CURES[code ?? ""] ?? (status >= MOVED && status < REFUSED ? REGION : undefined);
  return new SluiceError("storage", `Cannot ${doing} the bucket "${place.bucket}" at ${place.endpoint}: status ${status}${told === "" ? "" : ` (${told})`}`, {
    retryable: mayPass(status),
    ...(cure === undefined ? {} : { cure }),
  });
}

/** There was no answer. */
export function failedError(doing: string, { bucket, endpoint }: Place, { message, reason }: Failed): SluiceError {
  const cure = reason === "tls" ? "Check the certificate of s3.endpoint" : "Check s3.endpoint, and the network to it";
  return new SluiceError("storage", `Cannot ${doing} the bucket "${bucket}" at ${endpoint}: ${message}`, { retryable: reason !== "tls", cure });
}

function elementIn(text: string, name: string): string | undefined {
  const start = text.indexOf(`<${name}>`);
  const end = text.indexOf(`</${name}>`, start);
  return start < 0 || end < 0 ? undefined : unescaped(text.slice(start + name.length + 2, end));
}

function unescaped(text: string): string {
  return text.replaceAll(/&(?:amp|lt|gt|quot|apos|#39|#34);/g, (entity) => ENTITIES[entity] ?? entity);
}

/** Empty where it is not encoded: none of our names is so. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return "";
  }
}
