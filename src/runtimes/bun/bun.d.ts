/** The part of Bun's own interface that is used here (bun.sh/reference): a server over fetch. */

declare namespace Bun {
  interface Server {
    readonly port: number;
    /** Ends this request's connection when so many seconds have passed, whatever arrives meanwhile; 0: never. At most 255. */
    timeout(request: Request, seconds: number): void;
    requestIP(request: Request): { readonly address: string; readonly port: number } | null;
    /** Listens no more; resolves when no request is left. `true`: closes every connection. */
    stop(closeConnections?: boolean): Promise<void>;
  }

  interface ServeOptions {
    readonly hostname?: string;
    readonly port: number;
    /** Seconds that a connection may be idle between requests, at most 255. */
    readonly idleTimeout: number;
    readonly maxRequestBodySize: number;
    readonly development: false;
    readonly reusePort: false;
    fetch(request: Request, server: Server): Promise<Response>;
    error(error: unknown): Response;
  }

  /** Collects garbage; `false`: beside the work. */
  function gc(wait: boolean): void;
  function serve(options: ServeOptions): Server;
}
