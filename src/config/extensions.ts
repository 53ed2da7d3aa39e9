/** Extensions against what names them: `service.extensions`, which starts them, and exporters that store with one. */
import type { ExporterDefinition } from "../pipeline/component.ts";
import type { Defined, Section } from "./components.ts";
import type { Findings } from "./findings.ts";
import { nearest } from "../base/nearest.ts";
import type { AnyExporter, AnyExtension } from "./plan.ts";
import { locate, type MapNode, type Path, pathText, type TreeNode } from "./tree.ts";

/** Those that are started, in the order of `listed`. What is defined and not listed is warned of. */
export function startedExtensions(root: MapNode, listed: readonly string[], extensions: Section<AnyExtension>, findings: Findings): Defined<AnyExtension>[] {
  listed.forEach((id, index) => {
    const path = ["service", "extensions", index];
    const where = locate(root, path).keyWhere;
    if (!extensions.ids.has(id)) {
      const near = nearest(id, [...extensions.ids.keys()]);
      const cure = near === undefined ? `Define it: extensions: {${id}: }` : `Did you mean "${near}"?`;
      findings.problem(`Cannot use "${id}": it is not defined under extensions`, cure, where, path);
    } else if (listed.indexOf(id) !== index) {
      findings.warning(`"${id}" is named twice under service.extensions: it is started once`, "Remove one of the two", where, path);
    }
  });
  for (const { id, where } of extensions.byId.values()) {
    if (listed.includes(id)) continue;
    findings.warning(`extensions.${id} is defined and not under service.extensions: it is not started`, "Name it there, or remove it", where, [
      "extensions",
      id,
    ]);
  }
  return [...new Set(listed)].flatMap((id) => extensions.byId.get(id) ?? []);
}

/** A definition as it is called here: `config` was parsed with the schema of this very definition. */
interface Stores extends Pick<ExporterDefinition, "id"> {
  storages?(config: unknown): readonly string[];
}

/** Whatever an exporter stores with is started, and stores as the exporter would have it. An error stands where the exporter names it. */
export function checkStorages(
  root: MapNode,
  exporters: Section<AnyExporter>,
  extensions: Section<AnyExtension>,
  started: readonly Defined<AnyExtension>[],
  findings: Findings,
): void {
  for (const { id, definition, config, node } of exporters.byId.values()) {
    if (config === undefined) continue;
    for (const name of namedBy(definition, config)) {
      const fault = faultOf(name, extensions, started);
      if (fault === undefined) {
        complain(
          root,
          id,
          config,
          started.find((one) => one.id === name),
          findings,
        );
        continue;
      }
      const path = ["exporters", id, ...(pathTo(node, name) ?? [])];
      const { node: value, keyWhere } = locate(root, path);
      findings.problem(`Cannot store with "${name}": ${fault.state}`, fault.cure, value?.kind === "scalar" ? value.where : keyWhere, path);
    }
  }
}

/** What the extension says of settings that it cannot follow. */
function complain(root: MapNode, exporter: string, config: unknown, extension: Defined<AnyExtension> | undefined, findings: Findings): void {
  for (const { cure, message, path } of extension?.definition.checkExporter?.(config, extension.id) ?? []) {
    const at = ["exporters", exporter, ...path];
    const { keyWhere, node } = locate(root, at);
    findings.problem(`Cannot use ${pathText(at)}: ${message}`, cure, node?.kind === "scalar" ? node.where : keyWhere, at);
  }
}

function namedBy(definition: Stores, config: unknown): readonly string[] {
  return definition.storages?.(config) ?? [];
}

function faultOf(name: string, extensions: Section<AnyExtension>, started: readonly Defined<AnyExtension>[]) {
  const found = started.find(({ id }) => id === name);
  if (found?.definition.stores === true) return undefined;
  if (found !== undefined) return { state: "it stores nothing", cure: "Name an extension that stores, for example file_storage" };
  if (extensions.byId.has(name)) return { state: "it is not started", cure: `Add it: service: {extensions: [${name}]}` };
  if (extensions.ids.has(name)) return { state: "Sluice does not have it yet", cure: "Name an extension that stores, for example file_storage" };
  if (name === "") return { state: "it is no id", cure: "Name an extension that stores, for example file_storage" };
  const near = nearest(name, [...extensions.ids.keys()]);
  const cure = near === undefined ? `Define and start it: extensions: {${name}: } and service: {extensions: [${name}]}` : `Did you mean "${near}"?`;
  return { state: "it is not defined under extensions", cure };
}

/** Where `text` stands below `node`: the first place in the order of the text. */
function pathTo(node: TreeNode, text: string): Path | undefined {
  if (node.kind === "scalar") return node.value === text || node.text === text ? [] : undefined;
  const children: (readonly [string | number, TreeNode])[] =
    node.kind === "list" ? node.items.map((item, index) => [index, item]) : [...node.entries].map(([key, { value }]) => [key, value]);
  for (const [step, child] of children) {
    const found = pathTo(child, text);
    if (found !== undefined) return [step, ...found];
  }
  return undefined;
}
