/** What is asked of S3, and again, by answers that the test makes up. On a real server: s3.test.ts. */
import { describe, expect, it } from "vitest";
import type { HttpRequest, HttpResult } from "../../../src/base/host.ts";
import { openBucket } from "../../../src/runtimes/node/objects/s3.ts";
import { namesIn } from "../../contract/objects.ts";

const PLACE = { kind: "s3", endpoint: "https://s3.test", bucket: "b", region: "auto", accessKeyId: "id", secretAccessKey: "secret" } as const;
const NOW_MS = Date.UTC(2026, 10, 22, 1, 2, 3);
const BYTES = new Uint8Array([1, 2, 3]);
const TIMED_OUT: HttpResult = { kind: "failed", reason: "timeout", message: "no answer within 30000 ms" };

function answer(status: number, body: string | Uint8Array = ""): HttpResult {
  return { kind: "response", status, header: () => undefined, body: typeof body === "string" ? new TextEncoder().encode(body) : body };
}

/** Each request is answered with the next one, the last of them for good. */
function bucketWith(...answers: readonly HttpResult[]) {
  const asked: HttpRequest[] = [];
  const waits: number[] = [];
  const client = {
    send: (request: HttpRequest) => {
      asked.push(request);
      return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1] ?? TIMED_OUT);
    },
    close: () => Promise.resolve(),
  };
  const clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 };
  const store = openBucket(PLACE, { client, host: { clock, sleep: (ms) => (waits.push(ms), Promise.resolve()) } });
  return { asked, waits, store };
}

function page(names: readonly string[], next?: string): HttpResult {
  const contents = names.map((name) => `<Contents><Key>${name}</Key><Size>1</Size></Contents>`).join("");
  const more = next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`;
  return answer(200, `<?xml version="1.0"?><ListBucketResult><IsTruncated>${next !== undefined}</IsTruncated>${contents}${more}</ListBucketResult>`);
}

describe("a request", () => {
  it("is signed for its body, its time and its name, which may have percent signs", async () => {
    const { asked, store } = bucketWith(answer(200));
    expect(await store.put("p/a%2Fb", BYTES)).toBe("kept");
    const [request] = asked;
    expect(request).toMatchObject({ method: "PUT", url: "https://s3.test/b/p/a%252Fb", slices: [BYTES], length: 3 });
    expect(request?.headers).toMatchObject({
      "if-none-match": "*",
      "x-amz-date": "20261122T010203Z",
      "x-amz-content-sha256": "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81",
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=id\/20261122\/auto\/s3\/aws4_request, SignedHeaders=host;if-none-match;x-amz-content-sha256;x-amz-date, Signature=[0-9a-f]{64}$/,
      ),
    });
    expect(JSON.stringify(request)).not.toContain("secret");
  });

  it.each([answer(503), answer(500), answer(429), answer(409), TIMED_OUT, { ...TIMED_OUT, reason: "connect" } as const])(
    "is made again after %j",
    async (first) => {
      const { asked, store, waits } = bucketWith(first, first, answer(200));
      expect(await store.put("a", BYTES)).toBe("kept");
      expect([asked.length, waits]).toEqual([3, [250, 1000]]);
    },
  );

  it("is given up after three, with what was said last", async () => {
    const { asked, store } = bucketWith(answer(503, "<Error><Code>SlowDown</Code><Message>Reduce &amp; wait</Message></Error>"));
    await expect(store.put("a", BYTES)).rejects.toMatchObject({
      code: "storage",
      retryable: true,
      message: 'Cannot write the bucket "b" at https://s3.test: status 503 (SlowDown: Reduce & wait)',
    });
    expect(asked.length).toBe(3);
    await expect(bucketWith(TIMED_OUT).store.get("a", 1)).rejects.toMatchObject({ retryable: true, message: expect.stringContaining("no answer within") });
  });

  it.each([answer(403), answer(301), answer(501), answer(400), { kind: "failed", reason: "tls", message: "bad certificate" } as const])(
    "is made once where that does not help: %j",
    async (refusal) => {
      const { asked, store } = bucketWith(refusal);
      for (const call of [() => store.put("a", BYTES), () => store.get("a", 1), () => namesIn(store), () => store.delete(["a"])]) {
        await expect(call()).rejects.toMatchObject({ code: "storage", retryable: false });
      }
      expect(asked.length).toBe(4);
    },
  );
});

describe("a name that is taken", () => {
  it("is so at once", async () => {
    expect(await bucketWith(answer(412)).store.put("a", BYTES)).toBe("taken");
  });

  it.each([
    ["kept", "its own", answer(200, BYTES)],
    ["taken", "another's", answer(200, "x")],
    ["taken", "another's, and larger", answer(200, "xxxx")],
    ["taken", "gone", answer(404)],
  ])("is %s after a try that may have arrived, where it is %s", async (told, _, found) => {
    const { asked, store } = bucketWith(TIMED_OUT, answer(412), found);
    expect(await store.put("a", BYTES)).toBe(told);
    expect(asked.map(({ method }) => method)).toEqual(["PUT", "PUT", "GET"]);
  });
});

describe("a list", () => {
  it("goes on where the page before ended, and reads names as they are", async () => {
    const { asked, store } = bucketWith(page(["p/a%2525", "p/b"], "t&amp;1"), page(["p/c%27", "p/%ff", "p/%1b", "p/e+f", "p//", "p/d"]));
    expect(await namesIn(store, "p/")).toEqual(["p/a%25", "p/b", "p/c'", "p/d"]);
    const [first, second] = asked.map(({ url }) => new URL(url).searchParams);
    expect(Object.fromEntries(first ?? [])).toEqual({ "list-type": "2", "encoding-type": "url", "max-keys": "1000", prefix: "p/" });
    expect(second?.get("continuation-token")).toBe("t&1");
  });

  it("ends where the server would have it go round", async () => {
    const { asked, store } = bucketWith(page(["a"], "same"));
    expect(await namesIn(store)).toEqual(["a", "a"]);
    expect(asked.length).toBe(2);
  });

  it("may be empty, and is that without what comes next where it should say so", async () => {
    expect(await namesIn(bucketWith(page([])).store)).toEqual([]);
    expect(await namesIn(bucketWith(answer(200, "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")).store)).toEqual([]);
  });

  it.each(["", "<html>Welcome", "<ListBucketResult><Key>a</Key>"])("is not what another server answers: %j", async (body) => {
    await expect(namesIn(bucketWith(answer(200, body)).store)).rejects.toMatchObject({
      code: "storage",
      retryable: false,
      cure: expect.stringContaining("s3.endpoint"),
    });
  });
});

describe("an object", () => {
  it("that is missing is told from a bucket that is", async () => {
    expect(await bucketWith(answer(404, "<Error><Code>NoSuchKey</Code></Error>")).store.get("a", 1)).toBeUndefined();
    expect(await bucketWith(answer(404)).store.delete(["a"])).toBeUndefined();
    const { store } = bucketWith(answer(404, "<Error><Code>NoSuchBucket</Code></Error>"));
    for (const call of [() => store.get("a", 1), () => store.delete(["a"])]) await expect(call()).rejects.toThrow("NoSuchBucket");
  });

  it("that is larger than an answer may be is damaged", async () => {
    const { store } = bucketWith({ kind: "failed", reason: "response_too_large", message: "" });
    await expect(store.get("a", 10)).rejects.toMatchObject({ damaged: true });
  });
});
