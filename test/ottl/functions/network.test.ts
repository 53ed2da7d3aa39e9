/** IsInCIDR and CommunityID. */
import { describe, expect, it } from "vitest";
import { BuildError } from "../../../src/ottl/contract.ts";
import { parseAddress, parseNetwork } from "../../../src/ottl/functions/network/address.ts";
import { SECOND } from "../../../src/ottl/functions/second.ts";
import { StatementError } from "../../../src/ottl/value.ts";
import { call, named } from "./harness.ts";

describe("addresses", () => {
  it.each([
    ["1.2.3.4", "1.2.3.4"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["::", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"],
    ["1:2:3:4:5:6:7::", "0.1.0.2.0.3.0.4.0.5.0.6.0.7.0.0"],
    ["2001:DB8::1", "32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1"],
    ["64:ff9b::1.2.3.4", "0.100.255.155.0.0.0.0.0.0.0.0.1.2.3.4"],
  ])("%s", (text, bytes) => {
    expect(parseAddress(text)?.join(".")).toBe(bytes);
  });

  it.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "256.1.1.1",
    "1.2.3.4 ",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7",
    "12345::",
    "fe80::1%eth0",
    "1.2.3.4::",
    "g::",
  ])("%j is none", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "/8", "10.0.0.0/", "x/8", "10.0.0.0/8/8"])("%j is no network", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});

describe("IsInCIDR", () => {
  const isIn = named(SECOND, "IsInCIDR");

  it.each<[string, string[], boolean]>([
    ["10.1.2.3", ["10.0.0.0/8"], true],
    ["11.1.2.3", ["10.0.0.0/8"], false],
    ["11.1.2.3", ["10.0.0.0/8", "11.1.2.0/23"], true],
    ["10.1.2.3", ["10.1.2.200/24"], true],
    ["10.1.2.3", ["10.1.2.3/32"], true],
    ["10.1.2.2", ["10.1.2.3/32"], false],
    ["1.1.1.1", ["0.0.0.0/0"], true],
    ["1.1.1.1", ["::/0"], false],
    ["::1", ["0.0.0.0/0"], false],
    ["::ffff:10.0.0.1", ["10.0.0.0/8"], true],
    ["10.0.0.1", ["::ffff:10.0.0.0/104"], true],
    ["2001:db8:1::1", ["2001:db8::/33"], true],
    ["2001:db8:8000::1", ["2001:db8::/33"], false],
    ["no address", ["10.0.0.0/8"], false],
    ["10.1.2.3", [], false],
  ])("%s in %s: %s", (target, networks, wanted) => {
    expect(call(isIn, { target, networks })).toBe(wanted);
    expect(call(isIn, { target, networks: networks.map((one) => () => one) })).toBe(wanted);
  });

  it("refuses a network that is none: a literal when configured", () => {
    expect(() => call(isIn, { target: "10.0.0.1", networks: ["10.0.0.0"] })).toThrow(BuildError);
    expect(() => call(isIn, { target: "10.0.0.1", networks: [() => "10.0.0.0"] })).toThrow(StatementError);
  });
});

describe("CommunityID", () => {
  const id = named(SECOND, "CommunityID");
  const flow = { source_ip: "128.232.110.120", source_port: 34855n, destination_ip: "66.35.250.204", destination_port: 80n };

  // Published with the specification of Community ID, version 1.
  it.each([
    [{ seed: 0n }, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="],
    [{ seed: 1n }, "1:3V71V58M3Ksw/yuFALMcW0LAHvc="],
  ])("of a TCP flow, %o", (more, wanted) => {
    expect(call(id, { ...flow, ...more })).toBe(wanted);
  });

  it("is the same for both directions, and another for other ports and protocols", () => {
    const back = { source_ip: flow.destination_ip, source_port: flow.destination_port, destination_ip: flow.source_ip, destination_port: flow.source_port };
    expect(call(id, back)).toBe(call(id, flow));
    expect(call(id, { ...flow, protocol: "UDP" })).not.toBe(call(id, flow));
    expect(call(id, { ...flow, source_port: 1n })).not.toBe(call(id, flow));
  });

  it.each([{ source_ip: "x" }, { source_port: 65_536n }, { destination_port: -1n }, { protocol: "tcp" }, { seed: 65_536n }])("refuses %o", (wrong) => {
    expect(() => call(id, { ...flow, ...wrong })).toThrow(StatementError);
  });
});
