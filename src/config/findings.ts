/** Where a validation collects what it finds, all of it, in the order of the text. */
import type { Finding, Where } from "./plan.ts";
import { locate, type Path, pathText, type TreeNode } from "./tree.ts";

export class Findings {
  readonly problems: Finding[] = [];
  readonly warnings: Finding[] = [];

  problem(message: string, cure: string | undefined, where: Where | undefined, path?: Path): void {
    this.problems.push({ message, cure, where, path: path === undefined ? undefined : pathText(path) });
  }

  warning(message: string, cure: string | undefined, where: Where | undefined, path?: Path): void {
    this.warnings.push({ message, cure, where, path: path === undefined ? undefined : pathText(path) });
  }

  /** A warning for every dotted key of `keys` that is present below `node`, and not switched off there. */
  notInForce(keys: Readonly<Record<string, string>>, node: TreeNode, at: Path): void {
    for (const [key, instead] of Object.entries(keys)) {
      const path = key.split(".");
      const found = locate(node, path);
      if (found.node === undefined || isSwitchedOff(found.node)) continue;
      const full = [...at, ...path];
      this.warning(`${pathText(full)} is not in force: ${instead}`, undefined, found.keyWhere, full);
    }
  }
}

/** `false`, or a section with `enabled: false`: asks for nothing, so that nothing is missing. */
function isSwitchedOff(node: TreeNode): boolean {
  if (node.kind === "scalar") return node.value === false;
  if (node.kind === "list") return false;
  const enabled = node.entries.get("enabled")?.value;
  return enabled?.kind === "scalar" && enabled.value === false;
}
