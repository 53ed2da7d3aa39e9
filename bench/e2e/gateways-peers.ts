/** The peers: the OpenTelemetry Collector, nginx as a proxy that only copies, and any other by its start command. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onPath } from "./find.ts";
import { type Command, type FindOptions, type Found, type Gateway, type Placement, writeConfig } from "./gateway.ts";

/** By flag, by OTELCOL, or on PATH. */
export function collector(): Gateway {
  return { ...PEER, id: "collector", name: "OpenTelemetry Collector", copies: false, find: findCollector };
}

/** On PATH, or where Debian puts it. */
export function nginx(): Gateway {
  return { ...PEER, id: "nginx", name: "nginx, only copying", copies: true, find: findNginx };
}

const PEER = { countOnly: undefined, agent: undefined } as const;

/** `name=command {config} {port} {sink}`: the Collector's YAML, the port to listen on, the sink's URL. */
export function commandGateway(text: string, copies: boolean): Gateway {
  const [, id, line] = /^([\w.-]+)=(.+)$/s.exec(text) ?? [];
  if (id === undefined || line === undefined) throw new RangeError(`Cannot take the gateway "${text}": it is NAME=COMMAND`);
  const words = wordsOf(line);
  const [program = ""] = words;
  const file = program.includes("/") ? program : onPath((name) => name === program);
  return {
    ...PEER,
    id,
    name: id,
    copies,
    find: () => {
      if (file === undefined || !existsSync(file)) return { kind: "absent", why: `there is no ${program}` };
      return { kind: "present", version: "", note: "", command: (placement) => ({ file, args: words.slice(1).map((word) => filled(word, placement)) }) };
    },
  };
}

/** At spaces, but not within quotation marks of either kind. No shell is asked. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? "");
}

function filled(word: string, placement: Placement): string {
  return word
    .replaceAll("{config}", () => writeConfig(placement))
    .replaceAll("{port}", String(placement.port))
    .replaceAll("{sink}", `http://127.0.0.1:${placement.sinkPort}`);
}

function findCollector({ collector: path }: FindOptions): Found {
  const file = path ?? process.env["OTELCOL"] ?? onPath((name) => name.startsWith("otelcol"));
  if (file === undefined) return { kind: "absent", why: "no --collector PATH, no OTELCOL, no otelcol* on PATH" };
  if (!existsSync(file)) return { kind: "absent", why: `there is no ${file}` };
  const version = execFileSync(file, ["--version"], { encoding: "utf8" }).trim().split(" ").at(-1) ?? "unknown";
  return { kind: "present", version, note: "", command: (placement) => ({ file, args: ["--config", writeConfig(placement)] }) };
}

function findNginx(): Found {
  const file = onPath((name) => name === "nginx") ?? ["/usr/sbin/nginx"].find((path) => existsSync(path));
  if (file === undefined) return { kind: "absent", why: "no nginx on PATH (Debian: apt-get install nginx-light)" };
  const version = spawnSync(file, ["-v"], { encoding: "utf8" }).stderr.trim().split("/").at(-1) ?? "unknown";
  return { kind: "present", version, note: "", command: (placement) => nginxCommand(file, placement) };
}

function nginxCommand(file: string, placement: Placement): Command {
  const config = join(placement.folder, "nginx.conf");
  writeFileSync(config, nginxConfig(placement));
  return { file, args: ["-p", placement.folder, "-c", config, "-e", "stderr"] };
}

/** One worker, kept-alive connections on both sides, bodies passed on as they come. */
function nginxConfig({ folder, port, sinkPort }: Placement): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n");
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
${temporary}
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
