/** The Worker of the tests inside workerd: a gateway whose `batch` makes it need a Durable Object, and the class of its objects. */
import { DurableObject } from "cloudflare:workers";
import { gateway, gatewayObject } from "../../src/runtimes/workers.ts";

/** Where it sends: nobody, but for a test that stands in for `fetch`. */
export const SINK = "https://sink.test";

/** What the Worker and its objects run. */
export const CONFIG = `
receivers: {otlp: {protocols: {http: }}}
processors: {batch: {timeout: 100ms}}
exporters: {otlp_http: {endpoint: "${SINK}", compression: none}}
service: {pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlp_http]}}}
`;

/** Nothing of its own: in its state tests run what they test. */
export class Vessel extends DurableObject {}

export const SluiceObject = gatewayObject(CONFIG);
export default gateway(CONFIG);
