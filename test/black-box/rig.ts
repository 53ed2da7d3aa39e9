/**
 * One server and its back ends for many cases. A case is data: number, input, answer and how to try it,
 * so that docs/hostile-input.md and the tests come from one list. After each case the server must still
 * be the same process, and must take a good request and deliver it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { matches, NOT_APPLICABLE } from "../../scripts/test/rules.ts";
import { type Sink, startSink } from "../contract/sinks.ts";
import { type Encoding, headersOf, type Reply, send, statusOf } from "./client.ts";
import { goodTraces } from "./payloads.ts";
import { startTarget, TARGET, type Target } from "./target.ts";

/** One case of the campaign. */
export interface Case {
  /** Of the campaign's list, for example `A7`; `L` for those of the limits. */
  readonly id: string;
  readonly input: string;
  /** What Sluice answers. */
  readonly answer: string;
  readonly run: (rig: Rig) => Promise<void>;
}

export interface Group {
  readonly title: string;
  readonly cases: readonly Case[];
}

/** What arrived while something was done. */
export interface Arrived {
  readonly proto: readonly Buffer[];
  readonly json: readonly Buffer[];
}

const PATHS = { traces: "/v1/traces", metrics: "/v1/metrics", logs: "/v1/logs", profiles: "/v1development/profiles" } as const;

export class Rig {
  readonly target: Target;
  readonly proto: Sink;
  readonly json: Sink;

  constructor(target: Target, proto: Sink, json: Sink) {
    this.target = target;
    this.proto = proto;
    this.json = json;
  }

  /** Exports `body` as it is: what is coded was coded before. */
  export(signal: keyof typeof PATHS, encoding: Encoding, body: Uint8Array | string, coding = "identity"): Promise<Reply> {
    return send(this.target.port, { path: PATHS[signal], headers: headersOf(encoding, coding), body });
  }

  /** What reached the back ends by the end of `action`: nothing is acknowledged before it arrived. */
  async arrivals(action: () => Promise<unknown>): Promise<Arrived> {
    const [proto, json] = [this.proto.bodies.length, this.json.bodies.length];
    await action();
    return { proto: this.proto.bodies.slice(proto), json: this.json.bodies.slice(json) };
  }

  /** A good request is answered and delivered, whatever came before it. */
  async expectGood(): Promise<void> {
    const { bytes } = goodTraces();
    const { proto } = await this.arrivals(async () => {
      const reply = await this.export("traces", "proto", bytes);
      expect([reply.status, reply.body.length]).toEqual([200, 0]);
    });
    expect(proto.map((body) => body.equals(bytes))).toEqual([true]);
  }
}

export interface RigOptions {
  /** The receiver's section `http`, besides its address. */
  readonly http?: string;
  readonly args?: readonly string[];
}

/** One receiver for every signal; protobuf for all of them, JSON beside it for metrics and logs. */
export function yamlFor(proto: string, json: string, http = ""): string {
  const both = "{receivers: [otlp], exporters: [otlp_http, otlp_http/json]}";
  const one = "{receivers: [otlp], exporters: [otlp_http]}";
  return `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"${http === "" ? "" : `, ${http}`}}}}}
exporters:
  otlp_http: {endpoint: "${proto}", compression: none}
  otlp_http/json: {endpoint: "${json}", compression: none, encoding: json}
service:
  pipelines: {traces: ${one}, profiles: ${one}, metrics: ${both}, logs: ${both}}
`;
}

/** Registers the cases of `file` against one server of the target. */
export function campaign(file: string, groups: readonly Group[], options: RigOptions = {}): void {
  let rig: Rig;

  beforeAll(async () => {
    const [proto, json] = await Promise.all([startSink(), startSink()]);
    rig = new Rig(await startTarget(yamlFor(proto.url, json.url, options.http), options.args), proto, json);
  }, 120_000);

  afterEach(async (context) => {
    if (context.task.mode === "skip") return;
    expect(rig.target.alive(), rig.target.log()).toBe(true);
    await rig.expectGood();
    rig.proto.bodies.length = 0;
    rig.json.bodies.length = 0;
    rig.proto.requests.length = 0;
    rig.json.requests.length = 0;
  });

  afterAll(async () => {
    expect(await rig?.target.stop()).toBe(0);
    await Promise.all([rig?.proto.close(), rig?.json.close()]);
  }, 30_000);

  for (const { title, cases } of groups) {
    describe(title, () => {
      for (const { id, input, run } of cases) {
        const name = `${id} ${input}`;
        test.skipIf(excused(file, `${title} > ${name}`))(name, () => run(rig));
      }
    });
  }
}

/** Whether scripts/test/rules.ts says that a case is not applicable to the target. */
export function excused(file: string, name: string): boolean {
  return NOT_APPLICABLE.some((rule) => rule.runtimes.includes(TARGET) && rule.cases !== undefined && matches(rule, file, name));
}

/** A refusal in the sender's encoding, with every pattern in its message. */
export function expectRefused(reply: Reply, status: number, encoding: Encoding, ...patterns: readonly (RegExp | string)[]): void {
  expect(reply.status, reply.body.toString("latin1")).toBe(status);
  expect(reply.headers["content-type"]).toBe(encoding === "json" ? "application/json" : "application/x-protobuf");
  const { message } = statusOf(reply);
  expect(message).toMatch(/^Cannot /);
  for (const pattern of patterns) {
    if (typeof pattern === "string") expect(message).toContain(pattern);
    else expect(message).toMatch(pattern);
  }
}

/** Full success: nothing to say. */
export function expectAccepted(reply: Reply, encoding: Encoding): void {
  expect([reply.status, reply.body.toString("latin1")]).toEqual([200, encoding === "json" ? "{}" : ""]);
}

/** Does `work` on each, eight at a time, over as many connections as that. */
export async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}
