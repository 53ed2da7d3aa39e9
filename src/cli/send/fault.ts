/** Why a destination takes nothing at all, and what to do about it. */
import type { HttpResult } from "../../base/host.ts";
import type { SendPlan } from "./plan.ts";

export interface Fault {
  readonly result: HttpResult;
  /** What the attempt's outcome says. */
  readonly message: string;
}

/** A fault in words: the state, and the cure. */
export interface Explanation {
  readonly message: string;
  readonly cure: string;
}

const GRPC_PORT = "4317";

/** Whether a first attempt that ended so is worth no second one: nobody is there, or somebody who does not speak HTTP. */
export function isHopeless(result: HttpResult, { endpoint }: SendPlan): boolean {
  if (result.kind === "response") return false;
  return result.reason === "connect" || result.reason === "tls" || (result.reason === "reset" && isGrpc(endpoint.url));
}

function isGrpc(url: string): boolean {
  return new URL(url).port === GRPC_PORT;
}

/** For the first request of a campaign: nothing was accepted before. */
export function explain({ result, message }: Fault, plan: SendPlan): Explanation {
  const { shown } = plan.endpoint;
  if (result.kind === "response") return { message: `Cannot send to ${shown}: ${message}`, cure: cureOfStatus(result.status, plan) };
  if (result.reason === "tls") {
    return {
      message: `Cannot send to ${shown}: ${message}`,
      cure: "Give the authority with --ca-cert, or write http:// where the destination speaks plain HTTP",
    };
  }
  if (/ENOTFOUND|EAI_AGAIN|DNS|lookup/i.test(result.message)) {
    return { message: `Cannot reach ${shown}: no host has this name`, cure: "Correct the host in --endpoint" };
  }
  const state = result.reason === "reset" ? "it closes the connection, as gRPC does" : "nothing listens there";
  const cure = isGrpc(plan.endpoint.url)
    ? "4317 is the port of OTLP over gRPC: over HTTP it is 4318"
    : "Is a gateway running? Start one with npm start, or name another with --endpoint";
  return { message: `Cannot reach ${shown}: ${state}`, cure };
}

function cureOfStatus(status: number, { endpoint, content, batchItems }: SendPlan): string {
  switch (status) {
    case 401:
    case 403:
      return "Give what it asks for with --header, for example --header authorization=...";
    case 404:
    case 405:
      return endpoint.asItIs
        ? `The URL was used as it is: a base URL, without a path, gets /v1/${content.signal}`
        : `Is this an OTLP/HTTP destination, and does it take ${content.signal}?`;
    case 413:
      return `Make requests smaller: --batch is ${batchItems}`;
    case 415:
      return "Try another --encoding or --compression";
    default:
      return status >= 300 && status < 400 ? "Give the URL that it redirects to" : "Correct what it complains about";
  }
}
