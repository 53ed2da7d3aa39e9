/** What a request's body is: its encoding by media type, its coding by Content-Encoding. */
import type { Coding } from "../../base/host.ts";
import type { Encoding } from "../../otlp/responses.ts";

/** Names of `compression_algorithms` that are served, and how. `zlib` is the Collector's own name. */
const CODINGS: Readonly<Record<string, Coding>> = { gzip: "gzip", deflate: "deflate", zlib: "deflate", zstd: "zstd" };

/** The encoding that a Content-Type names: the media type alone counts, in any case. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  if (contentType === undefined) return undefined;
  const semicolon = contentType.indexOf(";");
  const mediaType = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  if (mediaType === "application/x-protobuf") return "proto";
  return mediaType === "application/json" ? "json" : undefined;
}

/** The codings that are accepted. */
export class Accepted {
  readonly #codings: ReadonlyMap<string, Coding | "none">;
  /** For an Accept-Encoding header. */
  readonly header: string;

  /** `algorithms` as in `compression_algorithms`; an empty name stands for no compression. */
  constructor(algorithms: readonly string[]) {
    const codings = new Map<string, Coding | "none">();
    for (const name of algorithms) {
      const coding = CODINGS[name];
      if (coding !== undefined) codings.set(name, coding);
      // The Collector takes `zlib` where `deflate` is allowed.
      if (name === "deflate") codings.set("zlib", "deflate");
      if (name === "" || name === "identity") codings.set("", "none").set("identity", "none");
    }
    this.#codings = codings;
    this.header = [...codings.keys()].filter((name) => name !== "" && name !== "zlib").join(", ");
  }

  /** The coding of a Content-Encoding; undefined when it is not served. One coding only: a chain of them is how bombs are made. */
  of(contentEncoding: string | undefined): Coding | "none" | undefined {
    return this.#codings.get((contentEncoding ?? "").trim().toLowerCase());
  }
}
