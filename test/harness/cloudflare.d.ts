/** As much of workerd's own modules, and of the test plugin's, as the tests inside workerd use. */
declare module "cloudflare:workers" {
  export class DurableObject {
    protected readonly ctx: unknown;
  }
}

declare module "cloudflare:test" {
  interface Stub {
    readonly id: unknown;
    fetch(request: Request): Promise<Response>;
  }
  interface Namespace {
    idFromName(name: string): unknown;
    get(id: unknown): Stub;
  }

  /** The bindings of vitest.workers.config.ts. */
  export const env: { readonly SLUICE: Namespace; readonly VESSEL: Namespace; readonly LETTERS: unknown };
  /** The Worker that `main` names. */
  export const SELF: Stub;
  /** `work` in the object's own context. What the platform gives as `state`, the caller knows. */
  export function runInDurableObject<Result>(stub: Stub, work: (instance: unknown, state: never) => Result | Promise<Result>): Promise<Result>;
  /** Whether an alarm was set; it has run then. */
  export function runDurableObjectAlarm(stub: Stub): Promise<boolean>;
}
