import { judge } from "./judge.ts";

/** One resource with so many spans of some sixty bytes, each with another name: a request whose number is what is tried. */
export function manySpans(count: number): Uint8Array {
  const [traceId, spanId] = [new Uint8Array(16).fill(1), new Uint8Array(8).fill(2)];
  const spans = Array.from({ length: count }, (_, index) => ({ traceId, spanId, name: `span ${index}`, kind: 1 + (index % 5) }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "many" } }] };
  return judge("traces").encode({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "tests" }, spans }] }] });
}
