/** Every receiver of the registry passes the contract, by a driver that speaks its protocol. A new one adds its own. */
import { describe, expect, test } from "vitest";
import { allComponents } from "../../src/config/registry.ts";
import type { Signal } from "../../src/base/signal.ts";
import { readStatus } from "../../src/otlp/responses.ts";
import { otlp } from "../../src/receivers/otlp.ts";
import { judgeOf } from "../harness/judge.ts";
import { checkReceiver, type Driver, type Told } from "./receiver-contract.ts";
import { request } from "./rig.ts";

const RETRYABLE = new Set([429, 502, 503, 504]);
const MESSAGES: Readonly<Record<Signal, readonly [path: string, response: string]>> = {
  traces: ["/v1/traces", "collector.trace.v1.ExportTraceServiceResponse"],
  metrics: ["/v1/metrics", "collector.metrics.v1.ExportMetricsServiceResponse"],
  logs: ["/v1/logs", "collector.logs.v1.ExportLogsServiceResponse"],
  profiles: ["/v1development/profiles", "collector.profiles.v1development.ExportProfilesServiceResponse"],
};

const overHttp: Driver = {
  settings: { protocols: { http: { endpoint: "127.0.0.1:0" } } },
  async send(address, signal, bytes): Promise<Told> {
    const [path, response] = MESSAGES[signal];
    const { status, headers, body } = await request(`${address}${path}`, bytes, { connection: "close" });
    if (status === 200) return successOf(response, body);
    const advice = headers["retry-after"];
    if (RETRYABLE.has(status)) return { kind: "retry", afterMs: advice === undefined ? undefined : Number(advice) * 1000 };
    return { kind: "refused", message: readStatus("proto", body)?.message ?? "" };
  },
};

/** As the judge reads it: a partial success has one rejected item at the least, or a message. */
function successOf(response: string, body: Uint8Array): Told {
  const { partialSuccess } = judgeOf(`opentelemetry.proto.${response}`).toObject(body);
  if (partialSuccess === undefined || partialSuccess === null || typeof partialSuccess !== "object") return { kind: "accepted" };
  const rejected = Object.entries(partialSuccess).find(([key]) => key.startsWith("rejected"))?.[1];
  const message = "errorMessage" in partialSuccess ? String(partialSuccess.errorMessage) : "";
  return { kind: "partial", rejected: Number(rejected ?? 0), message };
}

describe("otlp", () => checkReceiver(otlp, overHttp));

test("no receiver of the registry is left out", async () => {
  const receivers = (await allComponents()).filter((component) => component.kind === "receiver");
  expect(receivers).toEqual([otlp]);
});
