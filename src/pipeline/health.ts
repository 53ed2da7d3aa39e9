/** Which components are well: each says it of itself, and extensions answer with it. */

export type ComponentStatus = "ok" | "recoverable" | "permanent";

export interface ComponentHealth {
  readonly component: string;
  readonly status: ComponentStatus;
  readonly message: string | undefined;
}

export class Health {
  readonly #byComponent = new Map<string, ComponentHealth>();

  set(component: string, status: ComponentStatus, message?: string): void {
    this.#byComponent.set(component, { component, status, message });
  }

  all(): readonly ComponentHealth[] {
    return [...this.#byComponent.values()];
  }
}
