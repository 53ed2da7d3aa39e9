/** CPU time and memory of a process and all below it, from /proc. Linux only. */
import { readdirSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";

const ticksASecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

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

/** utime and stime of all threads, those that ended and reaped children included, seconds. */
export function cpuSeconds(pid: number): number {
  let ticks = 0;
  for (const one of treeOf(pid)) {
    // The command's name may hold spaces and brackets: fields count from the last one.
    const stat = readFileSync(`/proc/${one}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Fields 14 to 17 of proc(5): utime, stime, and those of children that were waited for.
    for (const field of [11, 12, 13, 14]) ticks += Number(fields[field] ?? 0);
  }
  return ticks / ticksASecond;
}

/** The most resident memory ever, MiB; summed over the tree. */
export function peakMemoryMib(pid: number): number {
  let kib = 0;
  for (const one of treeOf(pid)) kib += Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, "utf8"))?.[1] ?? 0);
  return kib / 1024;
}
