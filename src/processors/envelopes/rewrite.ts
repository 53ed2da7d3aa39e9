/**
 * Walks the groups and scopes of a request in an envelope and writes anew those that changed. Works
 * on traces, metrics and logs alike: the numbers of groups, scopes and items are the same.
 */
import { encode, type Field, type Fields, fieldsOf, find, inside, messageField } from "./fields.ts";

/** Field numbers of a request's groups, a group's resource and scope groups, a scope group's scope and items. */
export const GROUPS = 1;
export const RESOURCE = 1;
export const SCOPE_GROUPS = 2;
export const SCOPE = 1;
export const ITEMS = 2;

/** What a scope is in: shown to an edit. */
export interface Around {
  /** The fields of the group, with its resource and the scope groups. */
  readonly group: Fields;
  readonly resource: Field | undefined;
  readonly scope: Field | undefined;
}

/** The scope group's fields after the edit: the same list when nothing changed, undefined when nothing is left. */
export type ScopeEdit = (scopeGroup: Fields, around: Around) => Fields | undefined;

/** The request after the edits: the same one when nothing changed, undefined when nothing is left. `extra`: groups to append, asked for at the end. */
export function rewriteScopes(request: Uint8Array, edit: ScopeEdit, extra: () => readonly Field[] = () => []): Uint8Array | undefined {
  const fields = fieldsOf(request);
  const groups = rewriteList(fields, GROUPS, (group) => rewriteGroup(group, edit));
  const added = extra();
  if (groups === fields && added.length === 0) return request;
  const all = [...groups, ...added];
  return all.some(({ number }) => number === GROUPS) ? encode(all) : undefined;
}

/** The list with the fields of this number edited: the same field keeps it, undefined leaves it out. The list itself when nothing changed. */
export function rewriteList(fields: Fields, number: number, edit: (field: Field) => Field | undefined): Fields {
  let changed = false;
  const kept: Field[] = [];
  for (const field of fields) {
    const after = field.number === number ? edit(field) : field;
    if (after !== field) changed = true;
    if (after !== undefined) kept.push(after);
  }
  return changed ? kept : fields;
}

function rewriteGroup(field: Field, edit: ScopeEdit): Field | undefined {
  const group = inside(field);
  const resource = find(group, RESOURCE);
  const after = rewriteList(group, SCOPE_GROUPS, (scopeField) => {
    const scopeGroup = inside(scopeField);
    const edited = edit(scopeGroup, { group, resource, scope: find(scopeGroup, SCOPE) });
    if (edited === scopeGroup) return scopeField;
    return edited === undefined ? undefined : messageField(SCOPE_GROUPS, edited);
  });
  if (after === group) return field;
  return after.some(({ number }) => number === SCOPE_GROUPS) ? messageField(GROUPS, after) : undefined;
}
