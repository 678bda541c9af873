import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { managers } from './managers/index.ts';
import { aNetwork, temporaryFolder } from './network.fixture.ts';
import { openNetwork } from './network.ts';

const secret = 'shared';
const soon = { timeout: 5_000, interval: 5 };
const never = { afterMs: null };

/** Somebody to be called back: what came, in order, and whether it was signed as it must be. */
async function aListener(answer: () => number = () => 204) {
  const heard: { reference: string; state: string; result?: unknown; code?: string; signed: boolean }[] = [];
  const hear = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const body = (await incoming.toArray()).join('');
    const header = String(incoming.headers['patchbay-signature']);
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
    const expected = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
    heard.push({ ...(JSON.parse(body) as (typeof heard)[number]), signed: v1 === expected });
    outgoing.writeHead(answer()).end();
  };
  const server = createServer((incoming, outgoing) => void hear(incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { heard, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

function aPartner(afterMs: number | undefined = 1) {
  const net = aNetwork(undefined, { secret, retryMs: 1, ...(afterMs === undefined ? {} : { afterMs }) });
  type Order = {
    state: string;
    port?: { handover: string; bandwidthMbps: number };
    rejection?: unknown;
    error?: unknown;
  };
  const reply = async (asked: ReturnType<typeof net.ask>) => {
    const { status, body } = await asked;
    return { status, ...(body as unknown as Order) };
  };
  return {
    ...net,
    provide: (reference: string, more: Record<string, unknown> = {}) => {
      const port = { kind: 'provide', circuit: 'c1', site: 'S1', bandwidthMbps: 100 };
      return reply(net.ask('PUT', `/partner/orders/${reference}`, { ...port, ...more }));
    },
    cease: (reference: string) =>
      reply(net.ask('PUT', `/partner/orders/${reference}`, { kind: 'cease', circuit: 'c1' })),
    order: (reference: string) => reply(net.ask('GET', `/partner/orders/${reference}`)),
    circuit: async () => (await net.get<{ holdings: object }>('/partner/circuits/c1')).holdings,
    pace: (setting: object) => net.ask('PUT', '/_control/pace', setting),
    deliver: () => net.ask('POST', '/_control/deliver'),
    open: async () => (await net.overview()).status.openDeliveries,
  };
}

test('an order is taken on, delivered later and told, signed, to whoever ordered it', async () => {
  const [partner, listener] = [aPartner(), await aListener()];
  await partner.pace(never);
  expect(await partner.provide('r1', { callbackUrl: listener.url })).toMatchObject({
    status: 202,
    state: 'acknowledged',
  });
  expect(await partner.order('r1')).toMatchObject({ status: 200, state: 'acknowledged' });
  expect(await partner.circuit()).toEqual({ pending: { reference: 'r1', site: 'S1', bandwidthMbps: 100 } });
  await partner.deliver();
  const port = { handover: 'nni-1/100', site: 'S1', bandwidthMbps: 100 };
  expect(await partner.order('r1')).toMatchObject({ state: 'delivered', port });
  expect(await partner.circuit()).toEqual(port);
  await vi.waitUntil(() => listener.heard.length > 0, soon);
  expect(listener.heard).toEqual([{ reference: 'r1', state: 'done', result: port, signed: true }]);
});

test('it is delivered by itself after its time, and the same reference again is answered with how it stands', async () => {
  const partner = aPartner();
  await partner.provide('r1');
  await vi.waitUntil(async () => (await partner.order('r1')).state === 'delivered', soon);
  expect(await partner.provide('r1')).toMatchObject({
    status: 200,
    state: 'delivered',
    port: { handover: 'nni-1/100' },
  });
  expect((await partner.summary()).references).toMatchObject([{ operation: 'provide', calls: 2, effects: 1 }]);
});

test('another order for the circuit takes the place of the one that is open, and the handover stays', async () => {
  const partner = aPartner();
  await partner.provide('r1');
  await vi.waitUntil(async () => (await partner.open()) === 0, soon);
  await partner.pace(never);
  await partner.provide('r2', { bandwidthMbps: 500 });
  await partner.provide('r3', { bandwidthMbps: 900 });
  expect((await partner.order('r2')).state).toBe('cancelled');
  await partner.deliver();
  expect(await partner.circuit()).toEqual({ handover: 'nni-1/100', site: 'S1', bandwidthMbps: 900 });
  expect((await partner.order('r2')).state).toBe('cancelled');
});

test('an order for what is there already is done at once, and calls off the change that is open', async () => {
  const partner = aPartner();
  await partner.provide('r1');
  await vi.waitUntil(async () => (await partner.open()) === 0, soon);
  await partner.pace(never);
  await partner.provide('r2', { bandwidthMbps: 500 });
  const port = { handover: 'nni-1/100', site: 'S1', bandwidthMbps: 100 };
  expect(await partner.provide('r3')).toMatchObject({ status: 200, state: 'delivered', port });
  expect(await partner.order('r3')).toMatchObject({ state: 'delivered', port });
  await partner.deliver();
  expect([await partner.circuit(), (await partner.order('r2')).state]).toEqual([port, 'cancelled']);
});

test('a cease takes the port away and calls off what is open; unless the technician is on the way', async () => {
  const [partner, listener] = [aPartner(), await aListener()];
  await partner.pace(never);
  await partner.provide('r1', { callbackUrl: listener.url });
  expect(await partner.cease('r2')).toMatchObject({ status: 200, state: 'ceased', calledOff: 'r1' });
  await partner.deliver();
  expect(await partner.totalHeld()).toBe(0);

  await partner.pace({ ...never, despiteCease: true });
  await partner.provide('r3', { callbackUrl: listener.url });
  await partner.cease('r4');
  await partner.deliver();
  await vi.waitUntil(() => listener.heard.length > 0, soon);
  expect(listener.heard.map(({ reference }) => reference)).toEqual(['r3']);
  expect(await partner.circuit()).toMatchObject({ handover: expect.any(String) });
  await partner.cease('r5');
  expect(await partner.totalHeld()).toBe(0);
});

test('what it gives up after all is told, and nothing is held for it', async () => {
  const [partner, listener] = [aPartner(), await aListener()];
  await partner.pace({ afterMs: 1, outcome: 'refused', code: 'no-fibre', reason: 'no fibre there' });
  await partner.provide('r1', { callbackUrl: listener.url });
  await vi.waitUntil(() => listener.heard.length > 0, soon);
  const why = { code: 'no-fibre', reason: 'no fibre there' };
  expect(listener.heard).toEqual([{ reference: 'r1', state: 'refused', ...why, signed: true }]);
  expect(await partner.order('r1')).toMatchObject({ state: 'rejected', rejection: why });
  expect(await partner.totalHeld()).toBe(0);
});

test.each([
  ['once', [500, 503, 204], 3],
  ['twice', [204, 204], 2],
] as const)('told %s, it calls until it was heard, and then no more', async (callback, answers, calls) => {
  const left: number[] = [...answers];
  const [partner, listener] = [aPartner(), await aListener(() => left.shift() ?? 204)];
  await partner.pace({ afterMs: 1, callback });
  await partner.provide('r1', { callbackUrl: listener.url });
  const told = async () =>
    (await partner.get<{ deliveries: { calls: number; callAt: unknown }[] }>('/_control/deliveries')).deliveries;
  await vi.waitUntil(async () => (await told()).every((one) => one.calls > 0 && one.callAt === null), soon);
  expect(await told()).toMatchObject([{ calls, answered: callback === 'twice' ? 2 : 1 }]);
  expect(listener.heard).toHaveLength(calls);
});

test('a callback can be lost, or come before the order is answered', async () => {
  const [partner, listener] = [aPartner(), await aListener()];
  await partner.pace({ callback: 'early' });
  const answered = await partner.provide('r1', { callbackUrl: listener.url });
  expect(listener.heard).toHaveLength(1);
  expect(answered).toMatchObject({ status: 202, state: 'acknowledged' });
  await partner.pace({ afterMs: 0, callback: 'lost' });
  await partner.provide('r2', { callbackUrl: listener.url, bandwidthMbps: 50 });
  await vi.waitUntil(async () => (await partner.order('r2')).state === 'delivered', soon);
  expect(listener.heard).toHaveLength(1);
});

test('what is open, and who is still to be called back, survives the simulator', async () => {
  const [directory, listener] = [temporaryFolder(), await aListener()];
  const { partner } = managers;
  if (partner === undefined) throw new Error('no partner');
  const order = (reference: string, serviceRef: string) => {
    const parameters = { site: 'S1', bandwidthMbps: 100, callbackUrl: listener.url };
    return { reference, serviceRef, parameters };
  };
  const first = openNetwork({ directory, managers, delivering: { secret, afterMs: 0 } });
  await first.call(partner, 'provide', order('r1', 'c1'));
  first.deliveries.setPace({ ...first.deliveries.pace(), afterMs: null });
  await first.call(partner, 'provide', order('r2', 'c2'));
  first.close();
  const second = openNetwork({ directory, managers, delivering: { secret, afterMs: 0 } });
  onTestFinished(() => second.close());
  await vi.waitUntil(() => listener.heard.length > 0, soon);
  expect(second.deliveries.pace().afterMs).toBe(null);
  second.deliveries.deliverNow();
  await vi.waitUntil(() => listener.heard.length > 1, soon);
  expect(listener.heard.map(({ reference, signed }) => [reference, signed])).toEqual([
    ['r1', true],
    ['r2', true],
  ]);
});

test('what cannot be ordered is refused, and an unknown order is not found', async () => {
  const partner = aPartner();
  expect(await partner.provide('r1', { bandwidthMbps: 1 })).toMatchObject({
    status: 422,
    error: { code: 'bandwidth-not-offered' },
  });
  expect(await partner.provide('r1', { kind: 'fax' })).toMatchObject({ status: 404, error: { code: 'unknown-kind' } });
  expect(await partner.provide('r1', { circuit: '' })).toMatchObject({ status: 400 });
  expect(await partner.order('r9')).toMatchObject({ status: 404 });
  await partner.provide('r2');
  await vi.waitUntil(async () => (await partner.open()) === 0, soon);
  expect(await partner.provide('r3', { site: 'S2' })).toMatchObject({ status: 409, error: { code: 'port-elsewhere' } });
});
