/** Functions of internet addresses. */
import { sha1 } from "@noble/hashes/legacy.js";
import { base64 } from "../../../otlp/value-text.ts";
import { BuildError, define } from "../../contract.ts";
import { StatementError } from "../../value.ts";
import { contains, type Network, parseAddress, parseNetwork } from "./address.ts";

/** `IsInCIDR(target, networks)`: false for what is no address; a network that is none is an error. */
export const isInCidr = define(
  "IsInCIDR",
  [
    { name: "target", kind: "string_getter" },
    { name: "networks", kind: "string_getter", list: true },
  ],
  ({ target, networks }) => {
    const parsed = networks.map(({ constant }) => (constant === undefined ? undefined : literal(constant.value)));
    return (subject) => {
      const address = parseAddress(target(subject));
      if (address === undefined) return false;
      return networks.some((network, index) => contains(parsed[index] ?? computed(network(subject)), address));
    };
  },
);

function literal(text: string): Network {
  const network = parseNetwork(text);
  if (network === undefined)
    throw new BuildError(`Cannot use the network "${text}": it is none`, 'Write an address and the length of its prefix, as "10.0.0.0/8"');
  return network;
}

function computed(text: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) throw new StatementError(`Cannot use the network "${text}": it is none`);
  return network;
}

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["ICMP", 1],
  ["TCP", 6],
  ["UDP", 17],
  ["RSVP", 46],
  ["ICMP6", 58],
  ["SCTP", 132],
]);

interface Endpoint {
  readonly address: Uint8Array;
  readonly port: number;
}

/**
 * `CommunityID(source_ip, source_port, destination_ip, destination_port, Optional[protocol],
 * Optional[seed])`: version 1 of the Community ID flow hash, the same for both directions. TCP and seed
 * 0 unless given. Of ICMP the ports are taken as they are.
 */
export const communityId = define(
  "CommunityID",
  [
    { name: "source_ip", kind: "string_getter" },
    { name: "source_port", kind: "int_getter" },
    { name: "destination_ip", kind: "string_getter" },
    { name: "destination_port", kind: "int_getter" },
    { name: "protocol", kind: "string_getter", optional: true },
    { name: "seed", kind: "int_getter", optional: true },
  ],
  (args) => (subject) => {
    const source = endpoint("source", args.source_ip(subject), args.source_port(subject));
    const destination = endpoint("destination", args.destination_ip(subject), args.destination_port(subject));
    const name = args.protocol?.(subject) ?? "TCP";
    const protocol = PROTOCOLS.get(name);
    if (protocol === undefined) throw new StatementError(`Cannot use the protocol "${name}": it is none of ${[...PROTOCOLS.keys()].join(", ")}`);
    const seed = sixteenBits("seed", args.seed?.(subject) ?? 0n);
    const [first, second] = order(source, destination) > 0 ? [destination, source] : [source, destination];
    const flow = [...word(seed), ...first.address, ...second.address, protocol, 0, ...word(first.port), ...word(second.port)];
    return `1:${base64(sha1(Uint8Array.from(flow)))}`;
  },
);

function endpoint(which: string, ip: string, port: bigint): Endpoint {
  const number = sixteenBits(`${which} port`, port);
  const address = parseAddress(ip);
  if (address === undefined) throw new StatementError(`Cannot use the ${which} "${ip}": it is no internet address`);
  return { address, port: number };
}

function sixteenBits(what: string, value: bigint): number {
  if (value < 0n || value > 65_535n) throw new StatementError(`Cannot use the ${what} ${value}: it is not between 0 and 65535`);
  return Number(value);
}

/** The shorter address first, then the lesser, then the lesser port. */
function order(a: Endpoint, b: Endpoint): number {
  if (a.address.length !== b.address.length) return a.address.length - b.address.length;
  for (const [at, byte] of a.address.entries()) {
    const other = b.address[at] ?? 0;
    if (byte !== other) return byte - other;
  }
  return a.port - b.port;
}

function word(value: number): [number, number] {
  return [value >> 8, value & 255];
}
