/**
 * Which context a group of statements is for, when it does not say: the most specific one that their
 * paths name, or a context beneath it, when that one lacks a function or an enum that they use.
 */
import type { Dialect } from "./dialect.ts";
import { contextOf } from "./compile/paths.ts";
import { suggestion } from "./compile/names.ts";
import type { Node } from "./syntax/ast.ts";
import { type Extent, type SyntaxIssue } from "./syntax/issue.ts";
import { parseCondition, parseStatement, parseValue } from "./syntax/parser.ts";
import type { TextIssue } from "./sequence.ts";

/** The Collector's order, the most specific first. */
const SPECIFIC_FIRST: readonly string[] = [
  "log",
  "exemplar",
  "datapoint",
  "metric",
  "spanevent",
  "span",
  "profile",
  "scope",
  "instrumentation_scope",
  "resource",
];

export interface Texts {
  readonly statements?: readonly string[];
  readonly conditions?: readonly string[];
  readonly values?: readonly string[];
}

export type Inferred = { readonly dialect: Dialect; readonly issues?: undefined } | { readonly dialect?: undefined; readonly issues: readonly TextIssue[] };

/** What the texts use: contexts, functions and enums by name, with the first place of each. */
interface Hints {
  readonly contexts: Map<string, Found>;
  readonly functions: Map<string, Found>;
  readonly enums: Map<string, Found>;
}

type Found = Extent & Pick<TextIssue, "list" | "index" | "text">;

export function inferDialect(dialects: readonly Dialect[], { statements = [], conditions = [], values = [] }: Texts): Inferred {
  const hints: Hints = { contexts: new Map(), functions: new Map(), enums: new Map() };
  const issues: TextIssue[] = [];
  const gather = (list: TextIssue["list"], texts: readonly string[], parse: (text: string) => { nodes: readonly Node[] } | { issue: SyntaxIssue }): void => {
    texts.forEach((text, index) => {
      const parsed = parse(text);
      if ("issue" in parsed) issues.push({ ...parsed.issue, list, index, text });
      else for (const node of parsed.nodes) visit(node, hints, { list, index, text }, []);
    });
  };
  gather("statements", statements, (text) => {
    const { value, issue } = parseStatement(text);
    if (issue !== undefined) return { issue };
    return { nodes: value.where === undefined ? [value.editor] : [value.editor, value.where] };
  });
  gather("conditions", conditions, (text) => nodesOf(parseCondition(text)));
  gather("statements", values, (text) => nodesOf(parseValue(text)));
  return issues.length > 0
    ? { issues }
    : choose(dialects, hints, {
        list: statements.length > 0 ? "statements" : "conditions",
        index: 0,
        text: [...statements, ...conditions, ...values][0] ?? "",
      });
}

function nodesOf({ value, issue }: ReturnType<typeof parseCondition>): { nodes: readonly Node[] } | { issue: SyntaxIssue } {
  return issue === undefined ? { nodes: [value] } : { issue };
}

function choose(dialects: readonly Dialect[], hints: Hints, first: Pick<TextIssue, "list" | "index" | "text">): Inferred {
  const named = bySpecificity([...hints.contexts.keys()])[0];
  const names = dialects.map(({ context }) => context.name);
  const place = named === undefined ? undefined : hints.contexts.get(named);
  if (named === undefined || place === undefined) {
    const message = "No path says which context this is for";
    return { issues: [{ message, cure: `Begin paths with one of ${names.join(", ")}`, offset: 0, length: first.text.length, ...first }] };
  }
  const direct = dialects.find(({ context }) => context.name === named);
  const beneath = dialects.filter(({ context }) => context.name !== named && context.roots.includes(named));
  const lacking = direct === undefined ? undefined : missing(direct, dialects, hints);
  if (direct !== undefined && lacking === undefined) return { dialect: direct };
  // The Collector looks further down only when the context itself is one that it knows.
  const lower = direct === undefined ? [] : bySpecificity(beneath.map(({ context }) => context.name));
  const found = lower
    .map((name) => beneath.find(({ context }) => context.name === name))
    .find((one) => one !== undefined && missing(one, dialects, hints) === undefined);
  if (found !== undefined) return { dialect: found };
  if (lacking !== undefined) return { issues: [lacking] };
  return { issues: [issueOf(`There is no context ${JSON.stringify(named)} here`, place, suggestion(named, names))] };
}

function bySpecificity(names: readonly string[]): string[] {
  return names.toSorted((a, b) => rank(a) - rank(b));
}

function rank(name: string): number {
  const at = SPECIFIC_FIRST.indexOf(name);
  return at < 0 ? SPECIFIC_FIRST.length : at;
}

/** The first function or enum that the context does not have. */
function missing({ context, functions }: Dialect, dialects: readonly Dialect[], hints: Hints): TextIssue | undefined {
  for (const [name, place] of hints.functions) {
    if (functions.has(name)) continue;
    const elsewhere = dialects.filter((other) => other.functions.has(name)).map((other) => other.context.name);
    const cure = elsewhere.length > 0 ? `It is there in ${elsewhere.join(", ")}` : suggestion(name, [...functions.keys()]);
    return issueOf(`Unknown function ${JSON.stringify(name)} in the context ${context.name}`, place, cure);
  }
  for (const [name, place] of hints.enums) {
    // Capitals may also be a function that is handed over by name.
    if (!context.enums.has(name) && !functions.has(name)) {
      return issueOf(`Unknown enum ${JSON.stringify(name)} in the context ${context.name}`, place, suggestion(name, [...context.enums.keys()]));
    }
  }
  return undefined;
}

function issueOf(message: string, place: Found, cure: string | undefined): TextIssue {
  return cure === undefined ? { ...place, message } : { ...place, message, cure };
}

/** `scope` has the parameters of the lambdas around: paths that begin with one are none. Depth is the parser's. */
function visit(node: Node, hints: Hints, text: Pick<TextIssue, "list" | "index" | "text">, scope: readonly string[]): void {
  const note = (into: Map<string, Found>, name: string, { offset, length }: Extent): void => {
    if (!into.has(name)) into.set(name, { offset, length, ...text });
  };
  if (node.kind === "path") {
    const first = contextOf(node);
    if (first !== undefined && !scope.includes(first.name)) note(hints.contexts, first.name, first);
  } else if (node.kind === "call") note(hints.functions, node.name, node.nameExtent);
  else if (node.kind === "enum") note(hints.enums, node.name, node);
  const inner = node.kind === "lambda" ? [...scope, ...node.parameters.map(({ name }) => name)] : scope;
  for (const child of childrenOf(node)) visit(child, hints, text, inner);
}

function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "path":
      return node.segments.flatMap(({ keys }) => keys);
    case "call":
      return [...node.args.map(({ value }) => value), ...node.keys];
    case "list":
      return node.items;
    case "map":
      return node.entries.map(({ value }) => value);
    case "lambda":
      return [node.body];
    case "math":
      return [node.first, ...node.rest.map(({ operand }) => operand)];
    case "sign":
    case "not":
      return [node.operand];
    case "group":
      return [node.inner];
    case "compare":
      return [node.left, node.right];
    case "logic":
      return node.terms;
    default:
      return [];
  }
}
