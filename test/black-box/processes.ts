/** What Linux's /proc says of processes: who listens, on what, with how much memory, begotten by whom. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const LISTENING = "0A";

/** The process that listens on this port of 127.0.0.1 or of every interface. Throws when there is none. */
export function listenerOf(port: number): number {
  const inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => listening(read(path), port));
  for (const pid of allPids()) {
    if (links(`/proc/${pid}/fd`).some((link) => inodes.some((inode) => link === `socket:[${inode}]`))) return pid;
  }
  throw new Error(`No process listens on port ${port}`);
}

/** The file that a process runs. */
export function executableOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/exe`);
}

/** Resident memory; 0 for a process that is gone, or whose executable does not match. */
export function residentBytes(pid: number, executable = /./): number {
  const status = read(`/proc/${pid}/status`);
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined || !executable.test(executableOf(pid))) return 0;
  return Number(kilobytes) * 1024;
}

/** A process and all that it begot, as far as they live. */
export function treeOf(root: number): number[] {
  const parents = new Map(allPids().map((pid) => [pid, Number(/^PPid:\s+(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)]));
  const found = [root];
  for (const one of found) {
    for (const [pid, parent] of parents) if (parent === one) found.push(pid);
  }
  return found;
}

/** Inodes of the sockets that listen on a port: local address and state are the second and fourth column (proc(5)). */
function listening(table: string, port: number): string[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = "", , state]) => local.endsWith(ending) && state === LISTENING)
    .map((columns) => columns[9] ?? "");
}

function allPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function links(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(`${folder}/${name}`)];
      } catch {
        // Closed since.
        return [];
      }
    });
  } catch {
    // Ended since, or another user's.
    return [];
  }
}

/** Empty for what is not there any more. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
