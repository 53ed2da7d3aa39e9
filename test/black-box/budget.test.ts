/** Group C against a server with little memory. */
import { BUDGET_GROUPS, BUDGET_OPTIONS } from "./budget-cases.ts";
import { campaign } from "./rig.ts";

campaign("test/black-box/budget.test.ts", BUDGET_GROUPS, BUDGET_OPTIONS);
