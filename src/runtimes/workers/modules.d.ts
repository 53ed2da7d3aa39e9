/** What a Worker's bundler makes of files that are not code. */
declare module "*.wasm" {
  const compiled: WebAssembly.Module;
  export default compiled;
}

declare module "*.yaml" {
  const text: string;
  export default text;
}
