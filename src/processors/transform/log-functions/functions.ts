/** The functions that the transform processor has for logs, beside OTTL's own. */
import type { OttlFunction } from "../../../ottl/contract.ts";
import { parseCef } from "./cef.ts";
import { parseClf } from "./clf.ts";
import { parseElf } from "./elf.ts";
import { parseLeef } from "./leef.ts";

export const LOG_FUNCTIONS: readonly OttlFunction[] = [parseCef, parseClf, parseElf, parseLeef];
