/** The Worker that the in-process suite runs beside on workerd: its Durable Objects, in whose state tests run what they test. */
import { DurableObject } from "cloudflare:workers";

/** Nothing of its own. */
export class Vessel extends DurableObject {}

export default {};
