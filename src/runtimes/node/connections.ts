/**
 * The connections of a listener on which no request has begun. Nobody else minds them: Node counts
 * them as busy when it closes the idle ones, and on Deno a TLS handshake that the other side gives up
 * is neither an error nor an end, and would hold its socket for good.
 *
 * Limit: a handshake has as long as the headers of a request.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";

export class Connections {
  readonly #open = new Set<Socket>();
  readonly #silent = new Set<Socket>();
  /** Connections in their handshake, by the other side's address: all that a secured socket and the one beneath it have in common. */
  readonly #shaking = new Map<string, Socket>();

  constructor(server: Server, tls: boolean, handshakeTimeoutMs: number) {
    server.on("connection", (socket: Socket) => {
      this.#track(socket);
      if (tls) this.#await(socket, handshakeTimeoutMs);
    });
    server.on("secureConnection", (socket: Socket) => {
      this.#shaking.delete(addressOf(socket));
      this.#track(socket);
    });
    server.prependListener("request", ({ socket }: { readonly socket: Socket }) => this.#silent.delete(socket));
  }

  /** Ends those on which nobody waits for an answer. */
  endSilent(): void {
    for (const socket of [...this.#silent, ...this.#shaking.values()]) socket.destroy();
  }

  /** Ends all of them, whatever is under way. */
  endAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #track(socket: Socket): void {
    this.#open.add(socket);
    this.#silent.add(socket);
    socket.once("close", () => {
      this.#open.delete(socket);
      this.#silent.delete(socket);
    });
  }

  #await(socket: Socket, handshakeTimeoutMs: number): void {
    const address = addressOf(socket);
    this.#silent.delete(socket);
    this.#shaking.set(address, socket);
    const timer = setTimeout(() => {
      if (this.#shaking.get(address) !== socket) return;
      this.#shaking.delete(address);
      socket.destroy();
    }, handshakeTimeoutMs);
    socket.once("close", () => {
      clearTimeout(timer);
      if (this.#shaking.get(address) === socket) this.#shaking.delete(address);
    });
  }
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
