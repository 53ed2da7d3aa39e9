/** Flags and environment of `sluice send` as a plan, without a process. */
import { describe, expect, it } from "vitest";
import { parseAttribute } from "../../src/cli/send/attributes.ts";
import type { SentSignal } from "../../src/cli/send/content.ts";
import type { Flags } from "../../src/cli/send/options.ts";
import { planOf, type SendPlan } from "../../src/cli/send/plan.ts";

const NOTHING: Flags = { header: [], attribute: [], resourceAttribute: [], otlpHeader: [], otlpAttributes: [], telemetryAttributes: [] };

function plan(flags: Partial<Flags> = {}, env: Readonly<Record<string, string>> = {}, signal: SentSignal = "traces"): SendPlan {
  return planOf(signal, { ...NOTHING, ...flags }, (name) => env[name], 0.5, "test");
}

/** Message and cure of the error. */
function refusal(flags: Partial<Flags>, env: Readonly<Record<string, string>> = {}): unknown {
  try {
    plan(flags, env);
  } catch (error) {
    const { code, message, cure } = error as { code: string; message: string; cure: string };
    return code === "config" ? `${message} => ${cure}` : error;
  }
  throw new TypeError("It was taken");
}

const urlOf = (flags: Partial<Flags>, env?: Readonly<Record<string, string>>) => plan(flags, env).endpoint.url;

describe("endpoint", () => {
  it.each([
    ["http://h:4318", "http://h:4318/v1/traces"],
    ["http://h:4318/", "http://h:4318/v1/traces"],
    ["https://h/otlp/v1/traces", "https://h/otlp/v1/traces"],
    ["http://h/otlp/", "http://h/otlp/"],
    ["localhost:4318", "http://localhost:4318/v1/traces"],
    ["127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"],
    ["[::1]:4318", "http://[::1]:4318/v1/traces"],
    // No key leaves in the clear because a scheme was forgotten.
    ["api.example.com", "https://api.example.com/v1/traces"],
    ["localhost.example.com:4318", "https://localhost.example.com:4318/v1/traces"],
    ["127.0.0.1:4318@h.example.com", "https://127.0.0.1:4318@h.example.com/v1/traces"],
    ["127.example.com:4318", "https://127.example.com:4318/v1/traces"],
  ])("%s: %s", (endpoint, url) => {
    expect(urlOf({ endpoint })).toBe(url);
    expect(urlOf({ otlpEndpoint: endpoint })).toBe(url);
  });

  it("is plain HTTP where that is asked for", () => {
    expect(urlOf({ endpoint: "h:4318", insecure: true })).toBe("http://h:4318/v1/traces");
    expect(urlOf({ otlpEndpoint: "h:4318", otlpInsecure: true })).toBe("http://h:4318/v1/traces");
    expect(urlOf({ endpoint: "https://h:4318", insecure: true })).toBe("https://h:4318/v1/traces");
    expect(urlOf({ endpoint: "http://h", otlpHttpUrlPath: "/x" })).toBe("http://h/x");
  });

  it("comes from the variables of the SDKs: a base always has its path, a signal's own is used as it is", () => {
    expect(urlOf({})).toBe("http://localhost:4318/v1/traces");
    expect(urlOf({}, { OTEL_EXPORTER_OTLP_ENDPOINT: "" })).toBe("http://localhost:4318/v1/traces");
    expect(urlOf({}, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://h/otlp/" })).toBe("http://h/otlp/v1/traces");
    const both = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://h", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://t/" };
    expect(urlOf({}, both)).toBe("http://t/");
    expect(urlOf({ endpoint: "http://flag" }, both)).toBe("http://flag/v1/traces");
  });

  it("is shown without credentials", () => {
    expect(plan({ endpoint: "http://user:secret@h/x?key=secret" }).endpoint.shown).toBe("http://h/x");
  });
});

describe("headers", () => {
  it("come from flags, before a signal's variable, before the common one", () => {
    const env = { OTEL_EXPORTER_OTLP_HEADERS: "a=1, b=x%20y ,c=3", OTEL_EXPORTER_OTLP_TRACES_HEADERS: "c=4,d=%zz" };
    const { headers } = plan({ header: ["A=2", 'X-Text="quoted"'], otlpHeader: ["e==="], encoding: "json", compression: "gzip" }, env);
    expect(headers).toMatchObject({ a: "2", b: "x y", c: "4", d: "%zz", e: "==", "x-text": "quoted" });
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "content-encoding": "gzip",
      "user-agent": expect.stringMatching(/^sluice-send\/.* \(test\)$/),
    });
    expect(plan({ header: ["User-Agent=me"] }).headers["user-agent"]).toBe("me");
  });

  it("are no way to smuggle a line, and are not repeated in messages", () => {
    expect(refusal({ header: ["a=secret\r\nb: c"] })).toBe('Cannot use --header: "a" and its value are no header => For example --header api-key=abc');
    expect(refusal({ header: ["secret"] })).toBe("Cannot use --header: it is not of the form key=value => For example --header team=shop");
  });
});

describe("attributes", () => {
  it.each([
    ["a=b", "b"],
    ["a=", ""],
    ["a=b=c", "b=c"],
    ["a=true", true],
    ["a=False", "False"],
    ["a=-17", -17n],
    ["a=1.50", 1.5],
    ['a="1.50"', "1.50"],
    ["a=9223372036854775807", 2n ** 63n - 1n],
    ["a=9223372036854775808", "9223372036854775808"],
    ["a=[x, 1,true]", ["x", 1n, true]],
    ['a=["x, y","z"]', ["x, y", "z"]],
    ["a=[]", []],
    ["a=1e3", "1e3"],
  ])("%s", (text, value) => {
    expect(parseAttribute(text, "--attribute")).toEqual({ key: "a", value });
  });

  it("with one key: the last", () => {
    const { content } = plan({ attribute: ["a=1", "b=2", "a=3"], telemetryAttributes: ["b=0"], resourceAttribute: ["r=1"], otlpAttributes: ["q=1"] });
    expect(content.attributes).toEqual([
      { key: "b", value: 2n },
      { key: "a", value: 3n },
    ]);
    expect(content.resourceAttributes.map(({ key }) => key)).toEqual(["q", "r"]);
  });
});

describe("numbers", () => {
  it("have defaults", () => {
    expect(plan()).toMatchObject({
      items: 100,
      itemsASecond: 0,
      workers: 1,
      batchItems: 100,
      timeoutMs: 10_000,
      retriesMax: 5,
      durationMs: undefined,
      encoding: "proto",
      coding: "none",
    });
    expect(plan().content.seed).toBe(2 ** 52);
  });

  it("are without end with a duration, and end with both", () => {
    expect(plan({ duration: "1m30.5s" })).toMatchObject({ items: Number.POSITIVE_INFINITY, durationMs: 90_500 });
    expect(plan({ duration: "inf" })).toMatchObject({ items: Number.POSITIVE_INFINITY, durationMs: undefined });
    expect(plan({ duration: "10s", count: "5" })).toMatchObject({ items: 5, durationMs: 10_000 });
  });

  it("count traces with their children, and points and records as they are", () => {
    expect(plan({ traces: "10", childSpans: "3" }).items).toBe(40);
    expect(plan({ metrics: "10" }, {}, "metrics").items).toBe(10);
    expect(plan({ logs: "10" }, {}, "logs").items).toBe(10);
  });

  it("make small requests at a low rate", () => {
    expect([plan({ rate: "20" }).batchItems, plan({ rate: "0.5" }).batchItems, plan({ rate: "5000" }).batchItems]).toEqual([20, 1, 100]);
    expect([plan({ rate: "20", batch: "7" }).batchItems, plan({ batchSize: "8" }).batchItems]).toEqual([7, 8]);
  });

  it("take names in any spelling", () => {
    expect(plan({ metricType: "ExponentialHistogram" }, {}, "metrics").content.shapes).toEqual(["exponential_histogram"]);
    expect([plan({ statusCode: "Error" }), plan({ statusCode: "2" }), plan({ statusCode: "Ok" })].map(({ content }) => content.statusCode)).toEqual([2, 2, 1]);
    expect(plan({ aggregationTemporality: "Delta" }, {}, "metrics").content.temporality).toBe(1);
  });
});

describe("refused", () => {
  it.each<[Partial<Flags>, string]>([
    [{ count: "0" }, 'Cannot use --count "0": not a whole number in range => Use 1 to 9007199254740991'],
    [{ count: "1.5" }, 'Cannot use --count "1.5": not a whole number in range => Use 1 to 9007199254740991'],
    [{ count: "5", traces: "5" }, 'Cannot use --count "5": the number is given twice => Give one of the two'],
    [{ rate: "-1" }, 'Cannot use --rate "-1": not a number in range => Use 0 to 1000000000'],
    [{ workers: "1001" }, 'Cannot use --workers "1001": not a whole number in range => Use 1 to 1000'],
    [{ batch: "50001" }, 'Cannot use --batch "50001": not a whole number in range => Use 1 to 50000'],
    [{ duration: "30" }, 'Cannot use --duration "30": not a duration => Write a number and a unit, up to 596h: 500ms, 30s, 1m30s'],
    [{ duration: "0s" }, 'Cannot use --duration "0s": not a duration => Write a number and a unit, up to 596h: 500ms, 30s, 1m30s'],
    [{ timeout: "9999h" }, 'Cannot use --timeout "9999h": not a duration => Write a number and a unit, up to 596h: 500ms, 30s, 1m30s'],
    [{ encoding: "xml" }, 'Cannot use --encoding "xml": unknown => Use proto, json'],
    [{ compression: "br" }, 'Cannot use --compression "br": unknown => Use none, gzip, deflate, zstd'],
    [{ metricType: "counter" }, 'Cannot use --metric-type "counter": unknown => Use gauge, sum, histogram, exponential_histogram, summary, all'],
    [{ traceId: "00" }, 'Cannot use --trace-id "00": not 32 hexadecimal digits => Write 32 of 0-9 and a-f'],
    [{ spanId: "0".repeat(16) }, `Cannot use --span-id "${"0".repeat(16)}": all zero => An id of zeros means that there is none`],
    [{ severityNumber: "25" }, 'Cannot use --severity-number "25": not a whole number in range => Use 1 to 24'],
    [{ seed: "-1" }, 'Cannot use --seed "-1": not a whole number in range => Use 0 to 9007199254740991'],
    [{ attribute: ["x"] }, "Cannot use --attribute: it is not of the form key=value => For example --attribute team=shop"],
    [{ endpoint: "ftp://h" }, "Cannot use --endpoint: it is no http or https URL => For example http://localhost:4318"],
    [{ endpoint: "http://" }, "Cannot use --endpoint: it is no http or https URL => For example http://localhost:4318"],
  ])("%o", (flags, text) => {
    expect(refusal(flags)).toBe(text);
  });

  it("names the variable that is wrong", () => {
    expect(refusal({}, { OTEL_EXPORTER_OTLP_ENDPOINT: "ftp://h" })).toMatch(/^Cannot use OTEL_EXPORTER_OTLP_ENDPOINT: /);
    expect(refusal({}, { OTEL_EXPORTER_OTLP_HEADERS: "x" })).toMatch(/^Cannot use OTEL_EXPORTER_OTLP_HEADERS: /);
  });
});
