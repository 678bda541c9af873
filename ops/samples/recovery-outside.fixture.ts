/** Somebody else's TMF641 API, for service types that are ordered outside. */
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { Ask } from '../verify/testbed/system.ts';
import { type Trial, isOutside, nameOf } from './recovery-trial.fixture.ts';

const ordering = '/tmf-api/serviceOrdering/v4';

/** Short where it shall pass; else all the time that a busy machine needs. */
const deadlineOf = ({ errorClass, once: isOnce }: Trial): string =>
  errorClass !== 'timedOut' ? '5m' : isOnce ? '15s' : '5s';

/** What the fleet's outside endpoints are: this system's own TMF641 API, behind a way on which it seems to be somebody's who fails. */
export interface Outside {
  /** For OUTSIDE_SERVICE_ORDERING. */
  readonly endpoints: string;
  /** Where what passes goes. */
  leadTo(ask: Ask): void;
  close(): Promise<void>;
}

export async function startOutside(trials: readonly Trial[], closedPort: number): Promise<Outside> {
  const byName = new Map(trials.map((trial) => [nameOf(trial), trial]));
  const placed = new Map<string, number>();
  let ask: Ask | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, name = '', ...rest] = (request.url ?? '').split('/');
    const path = `${ordering}/${rest.join('/')}`;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sent = Buffer.concat(chunks).toString();
    const { method = 'GET', headers } = request;
    const told = await answer({ name, path, method, body: sent, key: headers['idempotency-key'] });
    response.writeHead(told.status, { 'content-type': 'application/json' }).end(told.body);
  }

  async function answer(asked: { name: string; path: string; method: string; body: string; key: unknown }) {
    const trial = byName.get(asked.name);
    if (trial === undefined || ask === undefined) return { status: 500, body: '{}' };
    const isPlacing = asked.method === 'POST' && asked.path === `${ordering}/serviceOrder`;
    let body = asked.body;
    let cancels = false;
    if (isPlacing) {
      const order = JSON.parse(body) as { serviceOrderItem: { action: string; service: Record<string, unknown> }[] };
      const attempts = placed.get(asked.name) ?? 0;
      placed.set(asked.name, attempts + 1);
      const isAdd = order.serviceOrderItem.some(({ action }) => action === 'add');
      for (const { service } of order.serviceOrderItem) delete service['serviceType'];
      body = JSON.stringify(order);
      if (isAdd && (!trial.once || attempts === 0)) {
        if (trial.errorClass === 'unreachable') return { status: 429, body: '{}' };
        if (trial.errorClass === 'unexpected') return { status: 503, body: '{}' };
        // Taken on, and not begun before the deadline has passed.
        body = JSON.stringify({ ...order, requestedStartDate: new Date(Date.now() + 3_600_000).toISOString() });
        cancels = trial.errorClass === 'cancelled';
      }
    }
    const reached = await ask(asked.path, {
      method: asked.method,
      headers: {
        'content-type': 'application/json',
        ...(typeof asked.key === 'string' ? { 'idempotency-key': asked.key } : {}),
      },
      ...(body === '' ? {} : { body }),
    });
    const text = await reached.text();
    if (cancels) await cancelServiceOrder(ask, (JSON.parse(text) as { id: string }).id);
    return { status: reached.status, body: text };
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const open = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const endpointOf = (trial: Trial) => {
    const isDown = trial.errorClass === 'unreachable' && !trial.once;
    return {
      url: `http://127.0.0.1:${isDown ? closedPort : open}/${nameOf(trial)}`,
      ...{ poll: '100ms', settle: '300ms', attempts: 1 },
      deadline: isDown ? '3s' : deadlineOf(trial),
    };
  };
  return {
    endpoints: JSON.stringify(
      Object.fromEntries(
        trials.filter(isOutside).map((trial) => [`outside-${nameOf(trial)}`, endpointOf(trial)] as const),
      ),
    ),
    leadTo(to) {
      ask = to;
    },
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export const post = (ask: Ask, path: string, body: unknown): Promise<Response> =>
  ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

export const cancelServiceOrder = (ask: Ask, id: string): Promise<Response> =>
  post(ask, `${ordering}/cancelServiceOrder`, { serviceOrder: { id }, cancellationReason: 'somebody wants it so' });
