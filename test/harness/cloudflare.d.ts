/** As much of the test plugin's module as the tests inside workerd use. */
declare module "cloudflare:test" {
  interface Stub {
    fetch(request: Request): Promise<Response>;
  }

  /** The bindings of vitest.workers.config.ts. */
  export const env: { readonly SLUICE: { idFromName(name: string): unknown; get(id: unknown): Stub } };
  /** The Worker that `main` names. */
  export const SELF: Stub;
  /** `work` in the object's own context. What the platform gives as `state`, the caller knows. */
  export function runInDurableObject<Result>(stub: Stub, work: (instance: unknown, state: never) => Promise<Result>): Promise<Result>;
  /** Whether an alarm was set; it has run then. */
  export function runDurableObjectAlarm(stub: Stub): Promise<boolean>;
}
