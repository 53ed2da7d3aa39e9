/** What a cursor's origin says of the sender's address. */
import type { Host } from "../base/host.ts";

/** An IPv4 address on a socket for both kinds; the Collector writes it without this. */
const MAPPED = "::ffff:";

/** The peer without its port; Workers are told none. Empty where the peer is not known. */
export function addressOf(peer: string, runtime: Host["runtime"]): string {
  const colon = runtime === "workers" ? -1 : peer.lastIndexOf(":");
  const address = colon < 0 ? peer : peer.slice(0, colon);
  return address.startsWith(MAPPED) && address.includes(".") ? address.slice(MAPPED.length) : address;
}
