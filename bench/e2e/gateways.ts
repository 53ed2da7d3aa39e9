/** The gateways that the harness knows: how to find each, and how to start it for a work. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { versionOf } from "../machine.ts";
import { collectorConfig, type Work } from "./works.ts";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

export interface Placement {
  readonly work: Work;
  /** Folder for its configuration and temporary files. */
  readonly folder: string;
  readonly port: number;
  readonly sinkPort: number;
}

export type Found =
  | { readonly kind: "present"; readonly version: string; command(placement: Placement): Command }
  | { readonly kind: "absent"; readonly why: string };

export interface Gateway {
  readonly id: string;
  readonly name: string;
  /** It copies bytes and edits nothing: a floor, not a rival. */
  readonly copies: boolean;
  find(options: FindOptions): Found;
}

export interface FindOptions {
  /** Path of an OpenTelemetry Collector. */
  readonly collector: string | undefined;
}

const ROOT = new URL("../../", import.meta.url);

export const GATEWAYS: readonly Gateway[] = [
  {
    id: "sluice",
    name: "Sluice, sources on Node",
    copies: false,
    find: () => findSluice("src/cli/main.ts"),
  },
  {
    id: "sluice-dist",
    name: "Sluice, built, on Node",
    copies: false,
    find: () => findSluice("dist/cli/main.js"),
  },
  { id: "collector", name: "OpenTelemetry Collector", copies: false, find: findCollector },
  { id: "nginx", name: "nginx, only copying", copies: true, find: findNginx },
];

function findSluice(entry: string): Found {
  const file = new URL(entry, ROOT);
  if (!existsSync(file))
    return {
      kind: "absent",
      why: `${entry} is not there${entry.startsWith("dist") ? ": npm run build makes it" : ""}`,
    };
  return {
    kind: "present",
    version: `${versionOf(new URL("package.json", ROOT))} on Node ${process.versions.node}`,
    command: (placement) => ({
      file: process.execPath,
      // The flags of the command's own first line.
      args: ["--max-semi-space-size=4", "--min-semi-space-size=4", fileURLToPath(file), "run", "--config", writeConfig(placement)],
    }),
  };
}

function findCollector({ collector }: FindOptions): Found {
  const file = collector ?? process.env["OTELCOL"] ?? onPath((name) => name.startsWith("otelcol"));
  if (file === undefined || !existsSync(file)) return { kind: "absent", why: "no --collector PATH, no OTELCOL, no otelcol* on PATH" };
  const version = execFileSync(file, ["--version"], { encoding: "utf8" }).trim().split(" ").at(-1) ?? "unknown";
  return {
    kind: "present",
    version,
    command: (placement) => ({ file, args: ["--config", writeConfig(placement)] }),
  };
}

function findNginx(): Found {
  const file = onPath((name) => name === "nginx") ?? ["/usr/sbin/nginx"].find((path) => existsSync(path));
  if (file === undefined) return { kind: "absent", why: "no nginx on PATH (Debian: apt-get install nginx-light)" };
  const version = spawnSync(file, ["-v"], { encoding: "utf8" }).stderr.trim().split("/").at(-1) ?? "unknown";
  return {
    kind: "present",
    version,
    command: (placement) => {
      const config = join(placement.folder, "nginx.conf");
      writeFileSync(config, nginxConfig(placement));
      return { file, args: ["-p", placement.folder, "-c", config, "-e", "stderr"] };
    },
  };
}

function writeConfig({ work, folder, port, sinkPort }: Placement): string {
  const file = join(folder, `config-${port}.yaml`);
  writeFileSync(file, collectorConfig(work, port, sinkPort));
  return file;
}

/** One worker, kept-alive connections on both sides, bodies passed on as they come. */
function nginxConfig({ folder, port, sinkPort }: Placement): string {
  return `
daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  client_max_body_size 64m;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000;
  upstream sink { server 127.0.0.1:${sinkPort}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://sink;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_buffering off;
    }
  }
}
`;
}

function onPath(matches: (name: string) => boolean): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const found = folder !== "" && existsSync(folder) ? readdirSync(folder).find(matches) : undefined;
    if (found !== undefined) return join(folder, found);
  }
  return undefined;
}
