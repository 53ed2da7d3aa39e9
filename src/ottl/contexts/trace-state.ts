/**
 * `trace_state["key"]`: one member of a W3C trace state. What is not a valid trace state reads as nil and
 * is not written (https://www.w3.org/TR/trace-context/#tracestate-header).
 */
import type { Operand } from "../contract.ts";
import type { Subject } from "../subject.ts";
import { StatementError, typeName } from "../value.ts";
import { expectText } from "./expect.ts";
import { type NumberOf, readText, setText } from "./fields.ts";
import { type Spot, spotOperand } from "./operand.ts";

const MEMBERS_MAX = 32;
/** Bounded repetitions of one class each: linear. */
const SIMPLE_KEY = /^[a-z][a-z0-9_\-*/]{0,255}$/;
const TENANT_KEY = /^[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

export function traceStateMember(spot: Spot, numberOf: NumberOf, key: Operand): Operand {
  const membersOf = (subject: Subject): Map<string, string> | undefined => {
    const view = spot.view(subject);
    return parse(readText(view, numberOf(view)));
  };
  const keyOf = (subject: Subject): string => {
    const value = key.get(subject);
    if (typeof value === "string") return value;
    throw new StatementError(`Cannot look up a key of type ${typeName(value)} in a trace state: it must be a string`);
  };
  return spotOperand(spot, {
    get: (subject) => {
      const members = membersOf(subject);
      return members === undefined ? null : (members.get(keyOf(subject)) ?? "");
    },
    set: (subject, value) => {
      const given = expectText(value);
      const members = membersOf(subject);
      if (members === undefined) return;
      const name = keyOf(subject);
      if (!isKey(name) || !VALUE.test(given)) return;
      members.delete(name);
      const all = [[name, given], ...members].slice(0, MEMBERS_MAX);
      const view = spot.view(subject);
      setText(view, numberOf(view), all.map(([one, its]) => `${one}=${its}`).join(","));
    },
  });
}

/** Members in order; undefined when it is not a trace state. */
function parse(state: string): Map<string, string> | undefined {
  const members = new Map<string, string>();
  for (const member of state.split(",")) {
    if (member === "") continue;
    const equals = member.indexOf("=");
    if (equals < 0) return undefined;
    const key = trimStart(member.slice(0, equals));
    const value = trimEnd(member.slice(equals + 1));
    if (!isKey(key) || !VALUE.test(value) || members.has(key) || members.size === MEMBERS_MAX) return undefined;
    members.set(key, value);
  }
  return members;
}

function isKey(key: string): boolean {
  return SIMPLE_KEY.test(key) || TENANT_KEY.test(key);
}

function trimStart(part: string): string {
  let from = 0;
  while (part[from] === " " || part[from] === "\t") from++;
  return part.slice(from);
}

function trimEnd(part: string): string {
  let to = part.length;
  while (part[to - 1] === " " || part[to - 1] === "\t") to--;
  return part.slice(0, to);
}
