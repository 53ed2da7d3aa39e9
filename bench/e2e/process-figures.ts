/** CPU time and memory of a process and all below it, from /proc. Linux only. */
import { readdirSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";

const ticksASecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** Whose figures count: a process and every live descendant, or of these only some. */
export interface Counted {
  /** 0: nobody. */
  readonly pid: number;
  /** By /proc/PID/comm, and by what the command line does not hold; undefined: the whole tree. */
  readonly only: { readonly name: string; readonly without: string } | undefined;
}

/** `pid` and every live descendant. */
export function treeOf(pid: number): number[] {
  const tree = [pid];
  for (const one of tree) tree.push(...childrenOf(one));
  return tree;
}

function childrenOf(pid: number): number[] {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).flatMap((task) => {
    const children = readFileSync(`${tasks}/${task}/children`, "utf8").trim();
    return children === "" ? [] : children.split(" ").map(Number);
  });
}

/** Throws when the name is nobody's: figures of nobody would pass for very good ones. */
function counted({ pid, only }: Counted): number[] {
  if (pid === 0) return [];
  const tree = treeOf(pid);
  if (only === undefined) return tree;
  const found = named(tree, only.name).filter((one) => !readFileSync(`/proc/${one}/cmdline`, "utf8").includes(only.without));
  if (found.length === 0) throw new Error(`Cannot count: there is no ${only.name} below process ${pid}`);
  return found;
}

/** Of these processes, those of that name. */
export function named(pids: readonly number[], name: string): number[] {
  return pids.filter((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === name);
}

/** utime and stime of all threads, those that ended and reaped children included, seconds. */
export function cpuSeconds(whose: Counted): number {
  let ticks = 0;
  for (const one of counted(whose)) {
    // The command's name may hold spaces and brackets: fields count from the last one.
    const stat = readFileSync(`/proc/${one}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Fields 14 to 17 of proc(5): utime, stime, and those of children that were waited for.
    for (const field of [11, 12, 13, 14]) ticks += Number(fields[field] ?? 0);
  }
  return ticks / ticksASecond;
}

/** The most resident memory ever, MiB; summed over those that count. */
export function peakMemoryMib(whose: Counted): number {
  let kib = 0;
  for (const one of counted(whose)) kib += Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, "utf8"))?.[1] ?? 0);
  return kib / 1024;
}
