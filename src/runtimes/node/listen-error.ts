/** Why a listener could not be opened, with the key to change. */
import { messageOf, SluiceError } from "../../base/errors.ts";
import type { ListenOptions } from "../../base/host.ts";

/** An error of code `listen`; the cure names the configuration key of the address. */
export function listenError(cause: unknown, { hostname, port, key }: ListenOptions): SluiceError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const [state, cure] = explain(code, messageOf(cause), port, key);
  return new SluiceError("listen", `Cannot listen on "${host}:${port}": ${state}`, { cure, path: key, cause });
}

function explain(code: string, message: string, port: number, key: string): readonly [state: string, cure: string] {
  switch (code) {
    case "EADDRINUSE":
      return ["another process has this port", `Stop that process, or give "${key}" another port`];
    case "EACCES":
      return [`no permission for port ${port}`, `Give "${key}" a port above 1023, or start with the right to bind lower ones`];
    case "EADDRNOTAVAIL":
    // Deno's word for it: ports out of range never get here.
    case "EINVAL":
      return ["no interface of this machine has this address", `Give "${key}" an address of this machine, 127.0.0.1 for itself alone, or 0.0.0.0 for all`];
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return ["the host name cannot be resolved", `Correct the host in "${key}"`];
    default:
      return [message, `Correct "${key}"`];
  }
}
