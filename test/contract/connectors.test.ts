/** Every connector passes the contract, and one that holds, which lives in this test alone. A new one adds its row. */
import { SIGNALS } from "../../src/base/signal.ts";
import { count } from "../../src/connectors/count.ts";
import { failover } from "../../src/connectors/failover.ts";
import { forward } from "../../src/connectors/forward.ts";
import { routing } from "../../src/connectors/routing.ts";
import type { ConnectorDefinition } from "../../src/pipeline/component.ts";
import { bareHost } from "../processors/support.ts";
import { checkConnector, type Make } from "./connector-contract.ts";
import { ALONE } from "../harness/context.ts";

const SAME = SIGNALS.map((signal) => [signal, signal] as const);
const NO_PROFILES = SAME.filter(([signal]) => signal !== "profiles");

function made<Config>(definition: ConnectorDefinition<Config>, settings: (pipelines: readonly string[]) => unknown): Make {
  return (engine, wiring, counters) =>
    definition.create(
      definition.schema.parse(settings(wiring.pipelines)),
      { ...ALONE, id: "c", engine, counters, host: bareHost, logger: bareHost.logger },
      wiring,
    );
}

checkConnector(
  "forward",
  made(forward, () => ({})),
  { pairs: SAME, keeps: true },
);

checkConnector(
  "routing that moves",
  made(routing, (pipelines) => ({
    table: [{ condition: 'resource.attributes["cloud.region"] == "eu-central-1"', pipelines: [pipelines[0]] }],
    default_pipelines: [pipelines[1]],
  })),
  { pairs: NO_PROFILES, keeps: true },
);

checkConnector(
  "routing that copies",
  made(routing, (pipelines) => ({
    table: [{ condition: 'resource.attributes["service.name"] != nil', action: "copy", pipelines: [pipelines[0]] }],
    default_pipelines: pipelines,
  })),
  { pairs: NO_PROFILES, keeps: true },
);

checkConnector(
  "count",
  made(count, () => ({})),
  { pairs: SIGNALS.map((signal) => [signal, "metrics"] as const), keeps: false },
);

checkConnector(
  "failover",
  made(failover, (pipelines) => ({ priority_levels: [pipelines] })),
  { pairs: SAME, keeps: true },
);

checkConnector(
  "a connector that is a stage",
  (_engine, { pipelines }) => ({ stage: { state: "none", consume: (envelope, emit) => emit(envelope, pipelines), drain: async () => {} } }),
  {
    pairs: [["traces", "traces"]],
    keeps: true,
  },
);
