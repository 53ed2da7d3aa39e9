/** WebAssembly as every runtime has it; no runtime's own types declare it without those of a browser. */
declare namespace WebAssembly {
  interface Module {}
  interface Memory {
    readonly buffer: ArrayBuffer | SharedArrayBuffer;
  }
  type Exported = ((...args: number[]) => number) & { readonly value: number };
  interface Instance {
    readonly exports: Record<string, Exported | undefined>;
  }
  const Module: { new (bytes: Uint8Array): Module };
  const Memory: {
    new (limits: { readonly initial: number; readonly maximum: number; readonly shared?: boolean }): Memory;
  };
  const Instance: {
    new (module: Module, imports: Record<string, Record<string, unknown>>): Instance;
  };
}
