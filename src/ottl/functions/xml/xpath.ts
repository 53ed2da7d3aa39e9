/**
 * Runs XPath on a tree. A set of nodes is without repetitions, in the document's order but for unions
 * and axes that go back. Limit: `VISITS_MAX` nodes looked at in one run; StatementError beyond.
 */
import { StatementError } from "../../value.ts";
import { isParent, type Attribute, type Element, type XmlNode } from "./node.ts";
import { callFunction } from "./xpath-functions.ts";
import type { Axis, Expression, NodeTest, Step } from "./xpath-syntax.ts";
import { type AttributeNode, type Found, isNodes, textOf, toBoolean, toNumber, toText, type XPathValue } from "./xpath-values.ts";

export const VISITS_MAX = 1 << 22;
/** So many characters of text cost as much as one node. */
const CHARS_A_VISIT = 64;

interface Focus {
  readonly node: Found;
  /** From 1. */
  readonly position: number;
  readonly size: number;
  readonly budget: Budget;
}

interface Budget {
  left: number;
  /** One object for each attribute, so that it is found once. */
  readonly attributes: Map<Attribute, AttributeNode>;
}

/** The nodes that an expression finds from the document's root; none when it is no set of nodes. */
export function select(expression: Expression, root: XmlNode): readonly Found[] {
  const value = evaluate(expression, { node: root, position: 1, size: 1, budget: { left: VISITS_MAX, attributes: new Map() } });
  return isNodes(value) ? value : [];
}

function evaluate(expression: Expression, focus: Focus): XPathValue {
  switch (expression.kind) {
    case "text":
    case "number":
      return expression.value;
    case "negative":
      return -toNumber(textual(evaluate(expression.of, focus), focus.budget));
    case "call":
      if (expression.name === "last") return focus.size;
      if (expression.name === "position") return focus.position;
      return call(expression.name, expression.arguments, focus);
    case "binary":
      return binary(expression.operator, expression.left, expression.right, focus);
    case "path":
      return walk([expression.absolute ? rootOf(focus.node) : focus.node], expression.steps, focus.budget);
    default: {
      const of = evaluate(expression.of, focus);
      if (!isNodes(of)) throw new StatementError("Cannot run the XPath: a value that is no set of nodes is filtered");
      return walk(filtered(of, expression.predicates, focus.budget), expression.steps, focus.budget);
    }
  }
}

/** Functions that look at nodes as such, not at their text. */
const OF_NODES: ReadonlySet<string> = new Set(["count", "sum", "name", "local-name", "boolean", "not"]);

function call(name: string, expressions: readonly Expression[], focus: Focus): XPathValue {
  const values = expressions.map((argument) => evaluate(argument, focus));
  if (OF_NODES.has(name)) return callFunction(name, focus.node, values);
  const given = values.length === 0 && name !== "true" && name !== "false" ? [[focus.node]] : values;
  return callFunction(
    name,
    focus.node,
    given.map((value) => textual(value, focus.budget)),
  );
}

/** A set of nodes as its first one's text. Reading text costs as well as looking at nodes. */
function textual(value: XPathValue, budget: Budget): string | number | boolean {
  if (!isNodes(value)) return value;
  return value[0] === undefined ? "" : readText(value[0], budget);
}

function readText(node: Found, budget: Budget): string {
  const text = textOf(node);
  spend(budget, text.length / CHARS_A_VISIT);
  return text;
}

function rootOf(node: Found): Found {
  let top: Found = node;
  while (top.parent !== undefined) top = top.parent;
  return top;
}

function walk(from: readonly Found[], steps: readonly Step[], budget: Budget): readonly Found[] {
  let nodes = from;
  for (const step of steps) {
    const next = new Set<Found>();
    for (const node of nodes) {
      const candidates = along(step.axis, node, budget).filter((one) => passes(step.test, one, step.axis));
      spend(budget, candidates.length);
      for (const found of filtered(candidates, step.predicates, budget)) next.add(found);
    }
    nodes = [...next];
  }
  return nodes;
}

function spend(budget: Budget, visits: number): void {
  budget.left -= visits + 1;
  if (budget.left < 0) throw new StatementError(`Cannot run the XPath: it looks at more than ${VISITS_MAX} nodes`);
}

function filtered(nodes: readonly Found[], predicates: readonly Expression[], budget: Budget): readonly Found[] {
  let left = nodes;
  for (const predicate of predicates) {
    const size = left.length;
    left = left.filter((node, index) => {
      spend(budget, 0);
      const value = evaluate(predicate, { node, position: index + 1, size, budget });
      return typeof value === "number" ? value === index + 1 : toBoolean(value);
    });
  }
  return left;
}

/** The nodes along an axis, the nearest first. */
function along(axis: Axis, node: Found, budget: Budget): readonly Found[] {
  switch (axis) {
    case "self":
      return [node];
    case "child":
      return childrenOf(node);
    case "attribute":
      return node.kind === "element" ? node.attributes.map((attribute) => attributeNode(node, attribute, budget)) : [];
    case "parent":
      return node.parent === undefined ? [] : [node.parent];
    case "ancestor":
      return ancestors(node);
    case "ancestor-or-self":
      return [node, ...ancestors(node)];
    case "descendant":
      return descendants(node, budget);
    case "descendant-or-self":
      return [node, ...descendants(node, budget)];
    case "following-sibling":
      return siblings(node, budget).after;
    case "preceding-sibling":
      return siblings(node, budget).before.toReversed();
    case "following":
      return [node, ...ancestors(node)].flatMap((one) => siblings(one, budget).after).flatMap((one) => [one, ...descendants(one, budget)]);
    default:
      return [node, ...ancestors(node)]
        .flatMap((one) => siblings(one, budget).before.toReversed())
        .flatMap((one) => [one, ...descendants(one, budget)].toReversed());
  }
}

function attributeNode(parent: Element, attribute: Attribute, budget: Budget): AttributeNode {
  let node = budget.attributes.get(attribute);
  if (node === undefined) budget.attributes.set(attribute, (node = { kind: "attribute", parent, attribute }));
  return node;
}

function childrenOf(node: Found): readonly XmlNode[] {
  return node.kind !== "attribute" && isParent(node) ? node.children : [];
}

function ancestors(node: Found): readonly Found[] {
  const found: Found[] = [];
  for (let at: Found | undefined = node.parent; at !== undefined; at = at.parent) found.push(at);
  return found;
}

function descendants(node: Found, budget: Budget): readonly XmlNode[] {
  const found: XmlNode[] = [];
  const waiting: XmlNode[] = childrenOf(node).toReversed();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    found.push(next);
    for (const child of childrenOf(next).toReversed()) waiting.push(child);
  }
  spend(budget, found.length);
  return found;
}

function siblings(node: Found, budget: Budget): { readonly before: readonly XmlNode[]; readonly after: readonly XmlNode[] } {
  if (node.kind === "attribute" || node.parent === undefined) return { before: [], after: [] };
  const all = node.parent.children;
  spend(budget, all.length);
  const at = all.indexOf(node);
  return { before: all.slice(0, at), after: all.slice(at + 1) };
}

function passes(test: NodeTest, node: Found, axis: Axis): boolean {
  switch (test.kind) {
    case "node":
      return true;
    case "text":
      return node.kind === "text" || node.kind === "cdata";
    case "comment":
    case "instruction":
      return node.kind === test.kind;
    default: {
      const named = node.kind === "attribute" ? node.attribute : node.kind === "element" ? node : undefined;
      if (named === undefined || (axis === "attribute") !== (node.kind === "attribute")) return false;
      if (test.name === "*") return test.prefix === "" || test.prefix === named.prefix;
      return test.name === named.name && test.prefix === named.prefix;
    }
  }
}

const COMPARISONS: ReadonlySet<string> = new Set(["=", "!=", "<", "<=", ">", ">="]);

function binary(operator: string, left: Expression, right: Expression, focus: Focus): XPathValue {
  if (operator === "or") return toBoolean(evaluate(left, focus)) || toBoolean(evaluate(right, focus));
  if (operator === "and") return toBoolean(evaluate(left, focus)) && toBoolean(evaluate(right, focus));
  const a = evaluate(left, focus);
  const b = evaluate(right, focus);
  if (operator === "|") {
    if (!isNodes(a) || !isNodes(b)) throw new StatementError("Cannot run the XPath: a value that is no set of nodes is united");
    return [...new Set([...a, ...b])];
  }
  if (COMPARISONS.has(operator)) return compared(operator, a, b, focus.budget);
  const x = toNumber(textual(a, focus.budget));
  const y = toNumber(textual(b, focus.budget));
  switch (operator) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "div":
      return x / y;
    default:
      return x % y;
  }
}

/** A set of nodes compares when any of its nodes does. */
function compared(operator: string, a: XPathValue, b: XPathValue, budget: Budget): boolean {
  if (isNodes(a) && typeof b !== "boolean") {
    spend(budget, a.length);
    return a.some((node) => compared(operator, readText(node, budget), b, budget));
  }
  if (isNodes(b) && typeof a !== "boolean") {
    spend(budget, b.length);
    return b.some((node) => compared(operator, a, readText(node, budget), budget));
  }
  if (operator === "=" || operator === "!=") return equal(a, b) === (operator === "=");
  const x = toNumber(a);
  const y = toNumber(b);
  if (operator === "<") return x < y;
  if (operator === "<=") return x <= y;
  return operator === ">" ? x > y : x >= y;
}

function equal(a: XPathValue, b: XPathValue): boolean {
  if (typeof a === "boolean" || typeof b === "boolean") return toBoolean(a) === toBoolean(b);
  if (typeof a === "number" || typeof b === "number") return toNumber(a) === toNumber(b);
  return toText(a) === toText(b);
}
