import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topology } from '../../../contracts/topology.ts';
import { activatorTypes } from '../../../workers/activators/registry.ts';
import { freePort } from '../../run/bootstrap/ports.ts';
import { type NetworkControl, networkControl } from '../faults/network-control.ts';
import { type RoleProcess, startFleet } from '../../run/fleet/supervisor.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { assertTopology } from '../../platform/broker/topology.ts';
import { loadSamples } from '../../samples/load.ts';
import { partnerSecret } from './system.ts';
import { createTestbed } from './testbed.ts';

/** What becomes of a request on its way: `drop` never arrives, of `loseAnswer` the answer never does; or it is answered here. */
export type Fate = 'pass' | 'drop' | 'loseAnswer' | { readonly status: number; readonly body: unknown };
export type FateOf = (request: { readonly method: string; readonly path: string }) => Fate;

/** Another operator with a Patchbay of its own, in a process that can be killed, with a way to it that can be broken. */
export interface Partner {
  /** Base address of its TMF641 API, by way of what breaks. */
  readonly url: string;
  /** Its network. */
  readonly network: NetworkControl;
  /** Asks its gateway, past what breaks. */
  ask(path: string): Promise<unknown>;
  /** Every request that came by, oldest first. */
  readonly requests: readonly { readonly method: string; readonly path: string; readonly token: string | undefined }[];
  /** Decides from now on what becomes of requests. */
  fate(of: FateOf): void;
  /** SIGKILL; it stays down until `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts it. Its TMF641 API knows no Idempotency-Key, as others' do not: what arrives twice is done twice. About five seconds.
 */
export async function startPartner(): Promise<Partner> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of undo.splice(0).toReversed()) await end();
  };
  try {
    const testbed = await createTestbed();
    undo.push(testbed.close);
    const folder = await mkdtemp(join(tmpdir(), 'partner-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const delivering = { afterMs: 50, retryMs: 100, secret: partnerSecret };
    const [simulator, port] = await Promise.all([
      startSimulator({ port: 0, dataDir: join(folder, 'network'), delivering }),
      freePort(),
      assertTopology(testbed.amqpUrl, topology(await activatorTypes())),
    ]);
    undo.push(() => simulator.close());
    const gateway = `http://127.0.0.1:${port}`;
    const fleet = await startFleet({
      databaseUrl: testbed.databaseUrl,
      amqpUrl: testbed.amqpUrl,
      // One process: killed, nothing of it is left.
      roles: ['service-inventory,service-ordering,activator,projector,gateway'],
      env: {
        NETWORK_URL: simulator.url,
        LOG_LEVEL: 'warn',
        CALLBACK_URL: gateway,
        PLATFORM_PARTNER_SECRET: partnerSecret,
        OUTSIDE_SERVICE_ORDERING: undefined,
      },
      logDir: folder,
      gatewayPort: port,
      restart: 'never',
    });
    undo.push(() => fleet.stop());
    await fleet.whenReady();
    await loadSamples(testbed.databaseUrl, ['service-ordering']);
    const way = await breakable(gateway);
    undo.push(way.close);
    const [process] = fleet.processes as [RoleProcess];
    return {
      ...way,
      url: `${way.url}/tmf-api/serviceOrdering/v4`,
      network: networkControl(simulator.url),
      ask: async (path) => (await fetch(`${gateway}${path}`)).json(),
      async kill() {
        process.kill('SIGKILL');
        while (process.alive()) await new Promise((resolve) => setTimeout(resolve, 10));
      },
      async start() {
        await process.start();
        await process.whenReady();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A way over HTTP on which requests and answers can be lost. */
async function breakable(target: string) {
  const requests: { method: string; path: string; token: string | undefined }[] = [];
  let fateOf: FateOf = () => 'pass';

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = request;
    const { 'idempotency-key': _unknown, host: _host, connection: _ours, ...known } = headers;
    requests.push({ method, path, token: headers.authorization });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const fate = fateOf({ method, path });
    if (fate === 'drop') return void request.socket.destroy();
    if (typeof fate === 'object') {
      response.writeHead(fate.status, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify(fate.body));
    }
    const answer = await fetch(`${target}${path}`, {
      method,
      headers: known as Record<string, string>,
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (fate === 'loseAnswer') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(body);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    requests,
    fate(of: FateOf) {
      fateOf = of;
    },
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
