/**
 * A proxy in front of a good destination that spoils connections: each has the next fault of `faults`,
 * and none when there is no more. Made for exporters without keep-alive: one request a connection.
 *
 * What it says of each fault is what must follow: whether the destination takes the request, and
 * whether the gateway is told.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { portOf } from "../../contract/sinks.ts";

const NOTHING = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const DRIP_MS = 10;
const CONTINUES = 500;

/** What a fault does with a connection; `pass` hands everything on in both directions. */
interface Way {
  readonly socket: Socket;
  /** The whole request to the destination; `then` is called with its whole answer. */
  readonly taken: (then: (answer: string) => void) => void;
  /** When the head is there, and whatever there is of the body. */
  readonly head: (then: () => void) => void;
}

const WAYS = {
  "reset before the request": ({ socket }) => void socket.resetAndDestroy(),
  "reset in the middle of the request": ({ head, socket }) => head(() => socket.resetAndDestroy()),
  "reset after the request": ({ socket, taken }) => taken(() => socket.resetAndDestroy()),
  "half-closed before the answer": ({ socket, taken }) => taken(() => socket.end()),
  "no answer": ({ taken }) => taken(() => {}),
  "no answer behind its head": ({ socket, taken }) => taken(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")),
  "an answer that drips for ever": ({ socket, taken }) =>
    taken(() => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
      const timer = setInterval(() => socket.write("x"), DRIP_MS);
      socket.once("close", () => clearInterval(timer));
    }),
  "an answer byte by byte": ({ socket, taken }) => taken((answer) => drip(socket, answer)),
  "an answer that ends in its head": ({ socket, taken }) => taken(() => socket.end("HTTP/1.1 200 OK\r\nContent-Le")),
  "an answer that is none": ({ socket, taken }) => taken(() => socket.end("SSH-2.0-nothing\r\n\r\n")),
  "100 Continue, again and again": ({ socket, taken }) => taken((answer) => void socket.write("HTTP/1.1 100 Continue\r\n\r\n".repeat(CONTINUES) + answer)),
  "413 from the head": ({ head, socket }) => head(() => socket.end("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")),
  "200 from the head, and the body is taken": ({ head, socket, taken }) => {
    head(() => socket.write(NOTHING));
    taken(() => socket.end());
  },
} satisfies Readonly<Record<string, (way: Way) => void>>;

export type Fault = keyof typeof WAYS;

export class FaultProxy {
  /** What the next connections have. */
  readonly faults: Fault[] = [];
  /** Connections so far. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(sinkPort: number) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.connections++;
      this.#track(socket);
      const fault = this.faults.shift();
      const way = this.#wayOf(socket, sinkPort);
      if (fault === undefined) way.taken((answer) => socket.end(answer, "latin1"));
      else WAYS[fault](way);
    });
  }

  static async listen(sinkUrl: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(Number(new URL(sinkUrl).port));
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#server)}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #wayOf(socket: Socket, sinkPort: number): Way {
    return {
      socket,
      head: (then) => {
        let head = "";
        const read = (piece: Buffer): void => {
          head += piece.toString("latin1");
          if (!head.includes("\r\n\r\n")) return;
          socket.off("data", read);
          then();
        };
        socket.on("data", read);
      },
      taken: (then) => {
        const sink = this.#track(connect({ port: sinkPort, host: "127.0.0.1", allowHalfOpen: true }));
        let answer = "";
        socket.pipe(sink);
        sink.setEncoding("latin1").on("data", (text: string) => {
          answer += text;
          // The sink's answers have no body.
          if (answer.endsWith("\r\n\r\n")) then(answer);
        });
      },
    };
  }

  #track(socket: Socket): Socket {
    this.#sockets.add(socket);
    // Faults are its trade; `close` follows.
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
    // In the end the gateway goes away: a connection is not held open for it.
    socket.on("end", () => socket.destroySoon());
    return socket;
  }
}

/** One byte a turn of the event loop, and then the end. */
function drip(socket: Socket, text: string, next = 0): void {
  if (socket.destroyed) return;
  if (next === text.length) return void socket.end();
  socket.write(text.charAt(next), "latin1");
  setImmediate(drip, socket, text, next + 1);
}
