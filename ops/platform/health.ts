import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A readiness check that takes longer says no. */
const patienceMs = 2_000;

export interface HealthOptions {
  readonly port: number;
  /** Loopback unless told: whoever reaches it reads the metrics. */
  readonly host: string;
  /** What keeps the process from working, in words; a throw is one too. */
  readonly troubles: () => Promise<readonly string[]>;
  /** The metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
}

/** Serves `/health/live` (the process runs), `/health/ready` (200 when there are no troubles) and `/metrics`. */
export async function startHealthServer({ port, host, troubles, metrics }: HealthOptions): Promise<HealthServer> {
  async function check(): Promise<readonly string[]> {
    const late = new Promise<string[]>((resolve) => setTimeout(resolve, patienceMs, ['no answer in time']).unref());
    try {
      return await Promise.race([troubles(), late]);
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
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
