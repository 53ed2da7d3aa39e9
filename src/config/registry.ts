/** The built-in components: one line each. */
import { otlpHttp } from "../exporters/otlp-http.ts";
import { otlp } from "../receivers/otlp.ts";
import type { AnyComponent } from "./plan.ts";

export type Registry = readonly AnyComponent[];

export const REGISTRY: Registry = [otlp, otlpHttp];
