/**
 * A proxy for the tests of the end-to-end harness, honest or not: `node gateway.ts PORT SINK_URL HOW`,
 * where HOW is `pass`, `lose` (answers 200 and drops every tenth) or `refuse` (503, every tenth).
 */
import { createServer, request, type ServerResponse } from "node:http";

const [port = "0", sink = "", how = "pass"] = process.argv.slice(2);
/** The harness looks at each request first, and only then drives: be honest until then. */
const HONEST = 20;
let seen = 0;

createServer((incoming, outgoing) => {
  const pieces: Buffer[] = [];
  incoming.on("data", (piece: Buffer) => pieces.push(piece));
  incoming.on("end", () => {
    seen++;
    if (how === "pass" || seen < HONEST || seen % 10 > 0) forward(incoming.url ?? "", Buffer.concat(pieces), outgoing);
    else outgoing.writeHead(how === "lose" ? 200 : 503).end();
  });
}).listen(Number(port), "127.0.0.1");

function forward(path: string, body: Buffer, outgoing: ServerResponse): void {
  const headers = { "content-type": "application/x-protobuf", "content-length": body.length };
  request(sink + path, { method: "POST", headers }, (answer) => {
    answer.resume();
    answer.on("end", () => outgoing.writeHead(answer.statusCode ?? 500).end());
  }).end(body);
}
