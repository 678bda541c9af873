import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A database that takes longer to answer keeps the process from working. */
const patienceMs = 2_000;

export interface HealthOptions {
  readonly port: number;
  /** Loopback unless told: whoever reaches it reads the metrics. */
  readonly host: string;
  /** Asks the database something: a throw is a trouble, and so is no answer in time. */
  readonly database: () => Promise<unknown>;
  /** What else keeps the process from working, in words. */
  readonly troubles: () => readonly string[];
  /** The metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
}

/** Serves `/health/live` (the process runs), `/health/ready` (200 when there are no troubles) and `/metrics`. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const { port, host, database, troubles, metrics } = options;

  async function databaseTroubles(): Promise<readonly string[]> {
    const late = new Promise<string[]>((resolve) => {
      setTimeout(resolve, patienceMs, [`the database does not answer within ${patienceMs / 1000} s`]).unref();
    });
    const answered = database().then(
      () => [],
      (error: unknown) => [`the database cannot be used: ${error instanceof Error ? error.message : String(error)}`],
    );
    return Promise.race([answered, late]);
  }

  async function check(): Promise<readonly string[]> {
    return [...(await databaseTroubles()), ...troubles()];
  }

  const server: Server = createServer((request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url === '/health/live') answer(200, { status: 'live' });
    else if (request.url === '/health/ready') {
      void check().then((found) =>
        answer(found.length === 0 ? 200 : 503, { status: found.length === 0 ? 'ready' : 'not ready', troubles: found }),
      );
    } else if (request.url === '/metrics') {
      metrics().then(
        (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
        (error: unknown) => answer(500, { status: 'no metrics', reason: String(error) }),
      );
    } else answer(404, { status: 'unknown', paths: ['/health/live', '/health/ready', '/metrics'] });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
