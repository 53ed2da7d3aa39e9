/** What tests use of workerd's own modules. */
declare module "cloudflare:workers" {
  export class DurableObject {
    protected readonly ctx: unknown;
  }
}

declare module "cloudflare:test" {
  interface Stub {
    readonly id: unknown;
  }
  export const env: { readonly VESSEL: { idFromName(name: string): unknown; get(id: unknown): Stub } };
  /** Runs the callback inside the object. */
  export function runInDurableObject<Result>(
    stub: Stub,
    callback: (instance: unknown, state: { readonly storage: unknown }) => Result | Promise<Result>,
  ): Promise<Result>;
}
