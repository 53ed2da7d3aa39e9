/**
 * A statement as a tree. Rows of operators are one node with a list, so that the tree is as deep as
 * the text is nested and no deeper.
 */
import type { Extent } from "./issue.ts";

export interface StatementNode {
  readonly editor: CallNode;
  readonly where: Node | undefined;
}

export type Node =
  | NilNode
  | IntNode
  | FloatNode
  | StringNode
  | BytesNode
  | BoolNode
  | NameNode
  | PathNode
  | CallNode
  | ListNode
  | MapNode
  | LambdaNode
  | MathNode
  | SignNode
  | GroupNode
  | CompareNode
  | LogicNode
  | NotNode;

export interface NilNode extends Extent {
  readonly kind: "nil";
}

export interface IntNode extends Extent {
  readonly kind: "int";
  readonly value: bigint;
}

export interface FloatNode extends Extent {
  readonly kind: "float";
  readonly value: number;
}

export interface StringNode extends Extent {
  readonly kind: "string";
  readonly value: string;
}

export interface BytesNode extends Extent {
  readonly kind: "bytes";
  readonly value: Uint8Array;
}

export interface BoolNode extends Extent {
  readonly kind: "bool";
  readonly value: boolean;
}

/** A capitalised name without a call: an enum's (`enum`: capitals only), or a function's that is handed over. */
export interface NameNode extends Extent {
  readonly kind: "enum" | "function";
  readonly name: string;
}

export interface SegmentNode extends Extent {
  readonly name: string;
  readonly keys: readonly Node[];
}

/** `span.attributes["a"][0]`: segments with keys. Also a lambda's parameter, which only the scope tells. */
export interface PathNode extends Extent {
  readonly kind: "path";
  readonly segments: readonly SegmentNode[];
}

export interface ArgumentNode extends Extent {
  /** Of a named argument; "" otherwise. */
  readonly name: string;
  readonly value: Node;
}

export interface CallNode extends Extent {
  readonly kind: "call";
  readonly name: string;
  /** The name's own place. */
  readonly nameExtent: Extent;
  readonly args: readonly ArgumentNode[];
  readonly keys: readonly Node[];
}

export interface ListNode extends Extent {
  readonly kind: "list";
  readonly items: readonly Node[];
}

export interface MapNode extends Extent {
  readonly kind: "map";
  readonly entries: readonly { readonly key: string; readonly value: Node }[];
}

export interface LambdaNode extends Extent {
  readonly kind: "lambda";
  /** `_` is a parameter that is not looked at. */
  readonly parameters: readonly ({ readonly name: string } & Extent)[];
  readonly body: Node;
}

export type MathOperator = "+" | "-" | "*" | "/";

/** Operators of one rank, from left to right. */
export interface MathNode extends Extent {
  readonly kind: "math";
  readonly first: Node;
  readonly rest: readonly { readonly operator: MathOperator; readonly operand: Node }[];
}

export interface SignNode extends Extent {
  readonly kind: "sign";
  readonly operator: "+" | "-";
  readonly operand: Node;
}

export interface GroupNode extends Extent {
  readonly kind: "group";
  readonly inner: Node;
}

export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";

export interface CompareNode extends Extent {
  readonly kind: "compare";
  readonly operator: Comparison;
  readonly left: Node;
  readonly right: Node;
}

export interface LogicNode extends Extent {
  readonly kind: "logic";
  readonly operator: "and" | "or";
  readonly terms: readonly Node[];
}

export interface NotNode extends Extent {
  readonly kind: "not";
  readonly operand: Node;
}

/** Whether a node may stand where a condition is expected. */
export function isCondition(node: Node): boolean {
  switch (node.kind) {
    case "compare":
    case "logic":
    case "not":
    case "bool":
    case "call":
      return true;
    case "group":
      return isCondition(node.inner);
    default:
      return false;
  }
}

/** Whether a node may be computed with: numbers, paths, calls and what is made of them. */
export function isMath(node: Node): boolean {
  switch (node.kind) {
    case "int":
    case "float":
    case "path":
    case "call":
    case "math":
    case "sign":
      return true;
    case "group":
      return isMath(node.inner);
    default:
      return false;
  }
}

/** Whether a node gives a value: everything but a bare condition and a function's name. */
export function isValue(node: Node): boolean {
  switch (node.kind) {
    case "compare":
    case "logic":
    case "not":
    case "function":
      return false;
    case "group":
      return isMath(node.inner);
    default:
      return true;
  }
}

/** What the node is, for a message. */
export function describe(node: Node): string {
  switch (node.kind) {
    case "nil":
      return "nil";
    case "int":
      return "an int";
    case "float":
      return "a float";
    case "string":
      return "a string";
    case "bytes":
      return "bytes";
    case "bool":
      return "a bool";
    case "enum":
      return `the enum ${node.name}`;
    case "function":
      return `the function name ${node.name}`;
    case "path":
      return `the path ${pathText(node)}`;
    case "call":
      return `the call of ${node.name}`;
    case "list":
      return "a list";
    case "map":
      return "a map";
    case "lambda":
      return "a lambda";
    case "math":
    case "sign":
      return "arithmetic";
    case "group":
      return "an expression in parentheses";
    default:
      return "a condition";
  }
}

/** A path's names, without its keys. */
export function pathText(node: PathNode): string {
  return node.segments.map(({ name }) => name).join(".");
}
