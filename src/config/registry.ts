/** The built-in components: one line each, receivers, processors, exporters. */
import { consoleExporter } from "../exporters/console.ts";
import { debug } from "../exporters/debug.ts";
import { otlpHttp } from "../exporters/otlp-http.ts";
import { batch } from "../processors/batch.ts";
import { probabilisticSampler } from "../processors/probabilistic-sampler.ts";
import { resource } from "../processors/resource.ts";
import { otlp } from "../receivers/otlp.ts";
import type { AnyComponent } from "./plan.ts";

export type Registry = readonly AnyComponent[];

export const REGISTRY: Registry = [otlp, batch, probabilisticSampler, resource, otlpHttp, debug, consoleExporter];
