/** Every suite by its name, which is its recorded file's: for the recorder and the page. */
import type { Case } from "./case.ts";
import { RESOURCE_AND_ATTRIBUTES } from "./cases/attributes.ts";
import { EVERYDAY } from "./cases/everyday.ts";
import { FILTERS } from "./cases/filter.ts";
import { METRIC_FUNCTIONS } from "./cases/metric-functions.ts";
import { PATHS } from "./cases/paths.ts";
import { PROCESSORS } from "./cases/processors.ts";
import { SANITIZERS } from "./cases/sanitizers.ts";
import { STATEMENTS } from "./cases/statements.ts";
import { VALUES_FORMAT } from "./cases/values-format.ts";
import { VALUES_KINDS } from "./cases/values-kinds.ts";
import { VALUES_TEXT } from "./cases/values-text.ts";
import { VALUES_TIME } from "./cases/values-time.ts";

export const SUITES: Readonly<Record<string, readonly Case[]>> = {
  attributes: RESOURCE_AND_ATTRIBUTES,
  everyday: EVERYDAY,
  filter: FILTERS,
  "metric-functions": METRIC_FUNCTIONS,
  paths: PATHS,
  processors: PROCESSORS,
  sanitizers: SANITIZERS,
  statements: STATEMENTS,
  "values-format": VALUES_FORMAT,
  "values-kinds": VALUES_KINDS,
  "values-text": VALUES_TEXT,
  "values-time": VALUES_TIME,
};
