/** Group C of the campaign, who may send: pages of other origins, and clients without a certificate. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type Certificate, makeCertificate } from "../contract/certificate.ts";
import { type Encoding, headersOf, type Reply, send } from "./client.ts";
import { goodTraces } from "./payloads.ts";
import { type Case, type Group, type Rig, yamlFor } from "./rig.ts";
import { startTarget } from "./target.ts";

const ENCODINGS: readonly Encoding[] = ["proto", "json"];
const GOOD = "https://shop.example";
const GOOD_BELOW = "https://eu.shop.example";
const HEADERS = "content-type, content-encoding";

export const ACCESS_OPTIONS = {
  http: `cors: {allowed_origins: ["${GOOD}", "https://*.shop.example"], allowed_headers: [content-type, content-encoding], max_age: 7200}`,
} as const;

/** Near misses, each a trick that a careless comparison falls for. */
const EVIL_ORIGINS = [
  "https://evil.example",
  "null",
  "*",
  "http://shop.example",
  "https://shop.example.evil.example",
  "https://shop.example:8443",
  "https://evilshop.example",
  "https://.shop.example",
  "https://evil.example/.shop.example",
  "https://evil.example#.shop.example",
  "https://evil.example@eu.shop.example",
  "https://eu.shop.example.evil.example",
  "https://shop.example, https://evil.example",
  "https://shop.example/",
];

function good(encoding: Encoding): Uint8Array | string {
  return encoding === "json" ? "{}" : goodTraces().bytes;
}

function preflight(rig: Rig, origin: string, wanted = HEADERS, method = "POST"): Promise<Reply> {
  const asked = { origin, "access-control-request-method": method, "access-control-request-headers": wanted };
  return send(rig.target.port, { method: "OPTIONS", headers: asked });
}

/** The headers by which a browser is let through. */
function grants(reply: Reply): string[] {
  return Object.keys(reply.headers).filter((name) => name.startsWith("access-control-"));
}

const CORS: readonly Case[] = [
  {
    id: "C52",
    input: "an origin that is not allowed: another, `null`, another scheme or port, an allowed one as part of another",
    answer: "no header that lets a page through, on preflights, answers and errors",
    async run(rig) {
      for (const origin of EVIL_ORIGINS) {
        expect(grants(await preflight(rig, origin)), origin).toEqual([]);
        for (const encoding of ENCODINGS) {
          for (const coding of ["identity", "br"]) {
            const headers = { ...headersOf(encoding, coding), origin };
            const reply = await send(rig.target.port, { headers, body: good(encoding) });
            expect([reply.status, grants(reply), reply.headers["vary"]], origin).toEqual([coding === "br" ? 415 : 200, [], "Origin"]);
          }
        }
      }
    },
  },
  {
    id: "C52",
    input: "an origin that is allowed, and one by a pattern",
    answer: "named in every answer, errors included; `*` never",
    async run(rig) {
      for (const origin of [GOOD, GOOD_BELOW]) {
        const asked = await preflight(rig, origin);
        expect([asked.status, asked.body.length]).toEqual([204, 0]);
        expect(asked.headers).toMatchObject({
          "access-control-allow-origin": origin,
          "access-control-allow-methods": "POST",
          "access-control-allow-headers": HEADERS,
          "access-control-max-age": "7200",
        });
        expect(asked.headers["vary"]).toContain("Origin");
        for (const [body, status] of [
          [goodTraces().bytes, 200],
          ["garbage", 400],
        ] as const) {
          const reply = await send(rig.target.port, { headers: { ...headersOf("proto"), origin }, body });
          expect([reply.status, reply.headers["access-control-allow-origin"], reply.headers["vary"]]).toEqual([status, origin, "Origin"]);
          expect(reply.headers["access-control-expose-headers"]).toContain("Retry-After");
        }
      }
    },
  },
  {
    id: "C52",
    input: "a preflight for another method, for a header that is not allowed, for another path; a post that needs none, as text/plain",
    answer: "nothing is let through; 404; 415",
    async run(rig) {
      expect(grants(await preflight(rig, GOOD, HEADERS, "DELETE"))).toEqual([]);
      expect(grants(await preflight(rig, GOOD, "content-type, authorization"))).toEqual([]);
      const elsewhere = await send(rig.target.port, {
        method: "OPTIONS",
        path: "/nowhere",
        headers: { origin: GOOD, "access-control-request-method": "POST" },
      });
      expect(elsewhere.status).toBe(404);
      const { proto } = await rig.arrivals(async () => {
        const beacon = await send(rig.target.port, { headers: { origin: GOOD, "content-type": "text/plain;charset=UTF-8" }, body: goodTraces().bytes });
        expect(beacon.status).toBe(415);
      });
      expect(proto).toEqual([]);
    },
  },
  {
    id: "C52",
    input: "2,000 preflights of 2,000 origins",
    answer: "each is answered, others are served meanwhile",
    async run(rig) {
      for (let round = 0; round < 40; round++) {
        const replies = await Promise.all(Array.from({ length: 50 }, (_, index) => preflight(rig, `https://o${round}-${index}.evil.example`)));
        expect(replies.filter((reply) => reply.status !== 204 || grants(reply).length > 0)).toEqual([]);
        if (round % 10 === 0) await rig.expectGood();
      }
    },
  },
];

type Attempt = { readonly status: number; readonly body: Buffer } | "refused";

/** A request with this certificate, or none. What fails in the handshake, or is closed behind it, is refused. */
function attempt(port: number, encoding: Encoding, server: Certificate, client: Certificate | undefined): Promise<Attempt> {
  return new Promise((resolve) => {
    const options = {
      host: "localhost",
      family: 4,
      port,
      path: "/v1/traces",
      method: "POST",
      headers: headersOf(encoding),
      ca: server.cert,
      agent: false,
    } as const;
    const sent = request({ ...options, ...(client === undefined ? {} : { cert: client.cert, key: client.key }) }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", () => resolve("refused"));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces) }));
    });
    sent.on("error", () => resolve("refused"));
    sent.end(good(encoding));
  });
}

const CERTIFICATES: readonly Case[] = [
  {
    id: "C51",
    input: "`client_ca_file` is set: no certificate, a stranger's, plain HTTP",
    answer: "the connection ends, nothing is read; the right certificate is 200",
    async run(rig) {
      const [server, stranger] = [makeCertificate(), makeCertificate()];
      const folder = mkdtempSync(join(tmpdir(), "sluice-access-"));
      const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
      writeFileSync(cert, server.cert);
      writeFileSync(key, server.key);
      const tls = `tls: {cert_file: "${cert}", key_file: "${key}", client_ca_file: "${cert}"}`;
      const target = await startTarget(yamlFor(rig.proto.url, rig.json.url, tls));
      try {
        const refused = await rig.arrivals(async () => {
          for (const encoding of ENCODINGS) {
            for (const client of [undefined, stranger]) expect(await attempt(target.port, encoding, server, client)).toBe("refused");
            await expect(send(target.port, { headers: headersOf(encoding), body: good(encoding) })).rejects.toThrow(/./);
          }
        });
        expect(refused.proto).toEqual([]);
        for (const encoding of ENCODINGS) expect(await attempt(target.port, encoding, server, server)).toMatchObject({ status: 200 });
        expect(target.alive()).toBe(true);
      } finally {
        expect(await target.stop()).toBe(0);
        rmSync(folder, { recursive: true });
      }
    },
  },
  {
    id: "C51",
    input: "`auth` is configured, which no runtime has yet",
    answer: "the gateway does not start, rather than start without it",
    async run(rig) {
      const started = startTarget(yamlFor(rig.proto.url, rig.json.url, "auth: {authenticator: bearertokenauth}"));
      await expect(started).rejects.toThrow(/authenticators are not available yet/);
    },
  },
];

export const ACCESS_GROUPS: readonly Group[] = [
  { title: "Access: pages", cases: CORS },
  { title: "Access: clients", cases: CERTIFICATES },
];
