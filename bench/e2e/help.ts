/** What the harness says about itself. */
import { DEFAULT_GATEWAYS, GATEWAYS } from "./gateways.ts";
import { TABLE } from "./rows.ts";
import { WORKS } from "./works.ts";

/** The answer to --help. */
export const HELP = `node bench/e2e/main.ts [options]

What to measure
  --suite full       every row of the table, latency, start-up; writes bench/results/end-to-end.json
  --suite rows       the rows alone
  --suite latency    latency and memory at a fixed rate alone (also: --latency)
  --suite start      start-up alone
  --rows A,B         of the table: ${TABLE.map(({ id }) => id).join(", ")}
  (no --suite)       one row:
  --work ID          ${WORKS.map(({ id }) => id).join(", ")} (default plain-upsert)
  --signal NAME      traces, logs or metrics (traces)
  --items N          items a request (1000; of the latency run 100)
  --order NAME       of fields: ascending, descending, interleaved (ascending)

Whom to measure
  --gateways A,B     of ${GATEWAYS.map(({ id }) => id).join(", ")}
                     (default: ${DEFAULT_GATEWAYS.join(", ")}; those that are not there are named; none: only those
                     of --gateway and --copier)
  --gateway N=CMD    another one, by its start command; {config} is the Collector's YAML, {port} where
                     to listen, {sink} the URL to send to. May be given several times
  --copier N=CMD     the same, for one that only copies
  --collector PATH   an OpenTelemetry Collector (default: OTELCOL, or otelcol* on PATH)
  --form NAME        of ours: dist, sources, or auto: dist unless it is older (auto)

How
  --rounds N         times that each gateway has its turn (5)
  --seconds S        of each turn; of the latency run three times that (2)
  --warm S           seconds of load before the first turn (2)
  --rotation N       different requests (64)
  --connections N    of the closed loop, twice as many at a fixed rate (4)
  --rate N           items a second of the latency run (100000)
  --starts N         starts, for the start-up time (7)
  --minutes N        at most; turns get shorter to fit, and what does not fit is named (60)
  --json             print JSON instead of tables
  --out FILE         write the JSON there too

Exit code 1: an item was lost, a request refused, or something could not be measured. 2: wrong usage.
`;
