/**
 * workerd forbids making code from text, which the judge's protobufjs does. The test plugin lends its
 * permission to `new Function`, and this to `Function(...)`. Only the judge is served by it: code under
 * src/ may not, and the black-box suite drives it in a workerd that forbids it.
 */
globalThis.Function = new Proxy(globalThis.Function, {
  // A proxy's `apply` is given the arguments as a list.
  apply: (target, _self, parts: readonly string[]) => new target(...parts),
});
