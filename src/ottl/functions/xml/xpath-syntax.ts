/**
 * XPath 1.0 (https://www.w3.org/TR/xpath-10), parsed once when configured: location paths with all
 * axes but namespaces, predicates, unions, comparison, arithmetic and the core functions of text,
 * numbers and nodes. What is outside is refused by name. Limit: `XPATH_CHARS_MAX` characters.
 */
export const XPATH_CHARS_MAX = 4096;

export type Axis =
  | "child"
  | "descendant"
  | "descendant-or-self"
  | "parent"
  | "ancestor"
  | "ancestor-or-self"
  | "self"
  | "attribute"
  | "following-sibling"
  | "preceding-sibling"
  | "following"
  | "preceding";

/** What a step takes of an axis. Names with their prefix as it is written; `*` for any. */
export type NodeTest =
  | { readonly kind: "name"; readonly prefix: string; readonly name: string }
  | { readonly kind: "text" | "comment" | "node" | "instruction" };

export interface Step {
  readonly axis: Axis;
  readonly test: NodeTest;
  readonly predicates: readonly Expression[];
}

export type Expression =
  | { readonly kind: "path"; readonly absolute: boolean; readonly steps: readonly Step[] }
  /** Steps, and predicates, on the nodes of another expression. */
  | { readonly kind: "filter"; readonly of: Expression; readonly predicates: readonly Expression[]; readonly steps: readonly Step[] }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "negative"; readonly of: Expression }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] };

/** How many arguments each known function takes. */
const FUNCTIONS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  last: [0, 0],
  position: [0, 0],
  count: [1, 1],
  name: [0, 1],
  "local-name": [0, 1],
  string: [0, 1],
  concat: [2, 64],
  "starts-with": [2, 2],
  "ends-with": [2, 2],
  contains: [2, 2],
  "substring-before": [2, 2],
  "substring-after": [2, 2],
  substring: [2, 3],
  "string-length": [0, 1],
  "normalize-space": [0, 1],
  translate: [3, 3],
  "lower-case": [1, 1],
  boolean: [1, 1],
  not: [1, 1],
  true: [0, 0],
  false: [0, 0],
  number: [0, 1],
  sum: [1, 1],
  floor: [1, 1],
  ceiling: [1, 1],
  round: [1, 1],
};

const AXES: ReadonlySet<string> = new Set([
  "child",
  "descendant",
  "descendant-or-self",
  "parent",
  "ancestor",
  "ancestor-or-self",
  "self",
  "attribute",
  "following-sibling",
  "preceding-sibling",
  "following",
  "preceding",
]);

/** Weakest first. */
const OPERATORS: readonly (readonly string[])[] = [["or"], ["and"], ["=", "!="], ["<=", ">=", "<", ">"], ["+", "-"], ["*", "div", "mod"]];

class Refused extends Error {}

const TOKEN = /\s*(\/\/|\.\.|::|!=|<=|>=|"[^"]*"|'[^']*'|\d+(?:\.\d*)?|\.\d+|[\p{L}_][\p{L}\p{N}\p{M}_.·-]*|[/()[\].@,|+=<>*$:-])/uy;

/** The expression, or why it cannot be used. */
export function parseXPath(text: string): Expression | string {
  if (text.length > XPATH_CHARS_MAX) return `it has more than ${XPATH_CHARS_MAX} characters`;
  try {
    return new Parser(tokensOf(text)).whole();
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  for (let at = 0; at < end; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) throw new Refused(`character ${at + 1} is not expected`);
    tokens.push(token);
  }
  return tokens;
}

const DEPTH_MAX = 32;

class Parser {
  readonly tokens: readonly string[];
  at = 0;
  depth = 0;

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  whole(): Expression {
    const expression = this.binary(0);
    if (this.at < this.tokens.length) throw new Refused(`${this.peek()} is not expected`);
    return expression;
  }

  peek(ahead = 0): string {
    return this.tokens[this.at + ahead] ?? "";
  }

  take(token: string): boolean {
    if (this.peek() !== token) return false;
    this.at++;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw new Refused(`expected ${token}${this.peek() === "" ? " at its end" : ` before ${this.peek()}`}`);
  }

  binary(level: number): Expression {
    const operators = OPERATORS[level];
    if (operators === undefined) return this.negative();
    let left = this.binary(level + 1);
    while (operators.includes(this.peek())) {
      const operator = this.peek();
      this.at++;
      left = { kind: "binary", operator, left, right: this.binary(level + 1) };
    }
    return left;
  }

  negative(): Expression {
    if (this.take("-")) return { kind: "negative", of: this.nested(() => this.negative()) };
    let left = this.path();
    while (this.take("|")) left = { kind: "binary", operator: "|", left, right: this.path() };
    return left;
  }

  nested<T>(parse: () => T): T {
    if (++this.depth > DEPTH_MAX) throw new Refused(`it is nested more than ${DEPTH_MAX} deep`);
    const parsed = parse();
    this.depth--;
    return parsed;
  }

  path(): Expression {
    const token = this.peek();
    if (token === "$") throw new Refused("variables are not supported");
    if (token === "/" || token === "//") return this.location(true);
    const value = this.primary();
    if (value === undefined) return this.location(false);
    const predicates = this.predicates();
    const steps = this.peek() === "/" || this.peek() === "//" ? this.steps() : [];
    return predicates.length === 0 && steps.length === 0 ? value : { kind: "filter", of: value, predicates, steps };
  }

  /** Undefined where a location path begins. */
  primary(): Expression | undefined {
    const token = this.peek();
    if (token.startsWith('"') || token.startsWith("'")) {
      this.at++;
      return { kind: "text", value: token.slice(1, -1) };
    }
    if (/^\.?\d/.test(token)) {
      this.at++;
      return { kind: "number", value: Number(token) };
    }
    if (this.take("(")) {
      const inner = this.nested(() => this.binary(0));
      this.expect(")");
      return inner;
    }
    const isCall = this.peek(1) === "(" && /^[\p{L}_]/u.test(token) && !isNodeType(token);
    return isCall ? this.call(token) : undefined;
  }

  call(name: string): Expression {
    const range = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (range === undefined) throw new Refused(`the function ${name}() is not supported`);
    this.at += 2;
    const args: Expression[] = [];
    if (!this.take(")")) {
      do args.push(this.nested(() => this.binary(0)));
      while (this.take(","));
      this.expect(")");
    }
    if (args.length < range[0] || args.length > range[1]) throw new Refused(`${name}() does not take ${args.length} arguments`);
    return { kind: "call", name, arguments: args };
  }

  location(absolute: boolean): Expression {
    if (!absolute) return { kind: "path", absolute, steps: [this.step(), ...this.steps()] };
    if (this.peek() === "/" && !beginsStep(this.peek(1))) {
      this.at++;
      return { kind: "path", absolute, steps: [] };
    }
    return { kind: "path", absolute, steps: this.steps() };
  }

  /** Each behind a slash or two. */
  steps(): readonly Step[] {
    const steps: Step[] = [];
    for (;;) {
      if (this.take("//")) steps.push({ axis: "descendant-or-self", test: { kind: "node" }, predicates: [] });
      else if (!this.take("/")) return steps;
      steps.push(this.step());
    }
  }

  step(): Step {
    if (this.take(".")) return { axis: "self", test: { kind: "node" }, predicates: this.predicates() };
    if (this.take("..")) return { axis: "parent", test: { kind: "node" }, predicates: this.predicates() };
    const axis = this.axis();
    return { axis, test: this.test(), predicates: this.predicates() };
  }

  axis(): Axis {
    if (this.take("@")) return "attribute";
    const name = this.peek();
    if (this.peek(1) !== "::") return "child";
    this.at += 2;
    if (!isAxis(name)) throw new Refused(`the axis ${name} is not supported`);
    return name;
  }

  test(): NodeTest {
    const token = this.peek();
    if (!beginsStep(token) || token === "@") throw new Refused(token === "" ? "it ends where a step should be" : `expected a step, found ${token}`);
    this.at++;
    if (this.peek() === "(" && isNodeType(token)) {
      this.at++;
      this.expect(")");
      return { kind: token === "processing-instruction" ? "instruction" : token };
    }
    if (token !== "*" && this.peek() === ":") {
      this.at++;
      const name = this.peek();
      if (name !== "*" && !/^[\p{L}_]/u.test(name)) throw new Refused(`expected a name behind ${token}:`);
      this.at++;
      return { kind: "name", prefix: token, name };
    }
    return { kind: "name", prefix: "", name: token };
  }

  predicates(): readonly Expression[] {
    const predicates: Expression[] = [];
    while (this.take("[")) {
      predicates.push(this.nested(() => this.binary(0)));
      this.expect("]");
    }
    return predicates;
  }
}

function isAxis(name: string): name is Axis {
  return AXES.has(name);
}

function isNodeType(token: string): token is "text" | "comment" | "node" | "processing-instruction" {
  return token === "text" || token === "comment" || token === "node" || token === "processing-instruction";
}

function beginsStep(token: string): boolean {
  return token === "." || token === ".." || token === "@" || token === "*" || /^[\p{L}_]/u.test(token);
}
