/** Group A of the campaign. */
import { CONTENT_CASES } from "./protobuf-content-cases.ts";
import { WIRE_CASES } from "./protobuf-wire-cases.ts";
import type { Group } from "./rig.ts";

export const PROTOBUF_GROUPS: readonly Group[] = [
  { title: "Protobuf: cut and overlong", cases: WIRE_CASES.CUT },
  { title: "Protobuf: fields and their types", cases: WIRE_CASES.TYPES },
  { title: "Protobuf: fields that occur twice", cases: CONTENT_CASES.TWICE },
  { title: "Protobuf: text and values", cases: CONTENT_CASES.TEXT },
  { title: "Protobuf: ids", cases: CONTENT_CASES.IDENTIFIERS },
  { title: "Protobuf: values at the edge", cases: CONTENT_CASES.VALUES },
];
