/** A case through Sluice: its YAML is loaded and validated as the command does it, and a whole gateway runs the requests. */
import { Gateway } from "../../src/pipeline/gateway.ts";
import type { Plan } from "../../src/config/plan.ts";
import { loadConfig } from "../../src/config/load.ts";
import { COMPONENTS, validateBuiltIn } from "../../src/config/registry.ts";
import { SluiceError } from "../../src/base/errors.ts";
import type { Signal } from "../../src/base/signal.ts";
import type { Engine } from "../../src/otlp/engine.ts";
import { Batch } from "../../src/pipeline/batch.ts";
import type { Intake } from "../../src/pipeline/component.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { admitted, batchBytes } from "../harness/engine.ts";
import { judge } from "../harness/judge.ts";
import { bareHost } from "../processors/support.ts";
import { type Case, NOTHING, type Processors, type Recorded } from "./case.ts";
import { change } from "./change.ts";
import { type Form, inForm } from "./forms.ts";
import { normal } from "./normal.ts";
import { payloadBytes } from "./payloads.ts";

/** 2026-11-21, so that Now() is a time of today. */
const NOW_MS = 1_795_000_000_000;

const ORIGIN = { receiver: "otlp", peer: "127.0.0.1:51000", tenant: "", arrivedMs: NOW_MS };

/** What the receiver keeps of a request that is sent with these headers, when it is to keep any. */
function kept(headers: Case["headers"]): Readonly<Record<string, string>> {
  if (headers === undefined) return {};
  const sent = { ...headers, "content-type": "application/x-protobuf" };
  return Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
}

const host = { ...bareHost, clock: { nowMs: () => NOW_MS, monotonicMs: () => NOW_MS }, random: () => 0.5 };

/** What comes out, in the shape that was recorded; `refused` is what is wrong, in Sluice's words. */
export async function throughSluice(engine: Engine, one: Case, form: Form): Promise<Recorded> {
  const planned = await plan(one);
  if (typeof planned === "string") return { refused: planned };
  const passed: Uint8Array[] = [];
  let intake: Intake | undefined;
  const exporters = planned.exporters.map(({ id }) => ({
    id,
    config: {},
    definition: {
      create: () => ({
        consume: (batch: Parameters<Intake["consume"]>[0]) => {
          passed.push(batchBytes(batch));
          return Promise.resolve({ kind: "accepted" } as const);
        },
        stop: () => Promise.resolve(),
      }),
    },
  }));
  const start = (given: Intake) => {
    intake = given;
    return Promise.resolve({ addresses: [], stop: () => Promise.resolve() });
  };
  const receivers = planned.receivers.map(({ id }) => ({ id, config: {}, definition: { create: () => ({ start }) } }));
  let gateway: Gateway;
  try {
    gateway = await Gateway.start({ plan: { ...planned, receivers, exporters }, host, engine, counters: new Counters() });
  } catch (error) {
    if (error instanceof SluiceError) return { refused: error.message };
    throw error;
  }
  try {
    const out: unknown[] = [];
    for (const payload of one.payloads) {
      const bytes = payloadBytes(one.signal, payload);
      await send(engine, one, inForm(form, judge(one.signal).type.fullName.slice(1), bytes), intake);
      out.push(answer(one, bytes, passed.splice(0)));
    }
    return { out };
  } finally {
    await gateway.stop(0);
  }
}

/** What came out against what went in. */
export function answer({ signal, pointsInAnyOrder }: Case, sent: Uint8Array, arrived: readonly Uint8Array[]): unknown {
  if (arrived.length === 0) return NOTHING;
  // Requests laid end to end are one request.
  const whole = Uint8Array.from(arrived.flatMap((bytes) => [...bytes]));
  const unordered = pointsInAnyOrder === true ? ["dataPoints"] : [];
  return change(normal(signal, sent, unordered), normal(signal, whole, unordered)) ?? null;
}

/** The configuration of one pipeline, with a receiver and an exporter that are replaced. */
export function configText(signal: Signal, processors: Processors): string {
  const sections = Object.entries(processors).map(([id, settings]) => `  ${id}:\n${indented(settings)}`);
  return [
    "receivers: {otlp: {protocols: {http: {}}}}",
    "exporters: {debug: {}}",
    "processors:",
    ...sections,
    `service: {pipelines: {${signal}: {receivers: [otlp], processors: [${Object.keys(processors).join(", ")}], exporters: [debug]}}}`,
    "",
  ].join("\n");
}

/** Settings as they stand below a component's id. */
export function indented(settings: string): string {
  return settings.replaceAll(/^(?=.)/gm, "    ");
}

async function plan({ signal, processors }: Case): Promise<Plan | string> {
  const unknown = Object.keys(processors).find((id) => !isRegistered(id.split("/")[0] ?? ""));
  if (unknown !== undefined) throw new Error(`Cannot compare: there is no processor "${unknown}"`);
  const loaded = await loadConfig({ configs: [`yaml:${configText(signal, processors)}`] }, { env: () => undefined, readFile: noFiles });
  const { plan: made, problems } = await validateBuiltIn(loaded);
  return made ?? problems.map(({ message }) => message).join("; ");
}

function isRegistered(type: string): boolean {
  return COMPONENTS.some(({ id, aliases = [] }) => id === type || aliases.includes(type));
}

function noFiles(): Promise<string> {
  return Promise.reject(new SluiceError("config", "there is no such file"));
}

async function send(engine: Engine, { signal, headers }: Case, bytes: Uint8Array, intake: Intake | undefined): Promise<void> {
  if (intake === undefined) throw new Error("The gateway started no receiver");
  const { chunk, items } = admitted(engine, signal, bytes);
  const batch = new Batch({ signal, chunks: [chunk], id: "test", items, origin: { ...ORIGIN, headers: kept(headers) } });
  try {
    await intake.consume(batch);
  } finally {
    batch.release();
  }
}
