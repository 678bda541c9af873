import { describe, expect, test } from 'vitest';
import { type AcceptedOrder, createBook } from '../book.ts';
import { tooQuiet } from '../drill.ts';
import { business, modifyRefused, routerRefused, single } from '../kinds.ts';
import type { LedgerSummary } from '../network-control.ts';
import { emptyPool, orderMix } from '../order-mix.ts';
import type { OrderView, ServiceView } from '../tmf-views.ts';
import { endedInOrder, nothingIsLeft, viewsEqualDomain } from './fleet.ts';
import { callsHadReason, effectsHappenedOnce, holdingsAreInventory } from './network.ts';
import { ordersEndedRight, servicesAreRight } from './right-ends.ts';

const idOf = (order: AcceptedOrder, item: { id: string; serviceId?: string }): string =>
  item.serviceId ?? `${order.plan.key}/${item.id}`;

const line: AcceptedOrder = { id: 'order-1', plan: single('a', 1, 'broadband') };
const lineView: OrderView = {
  id: 'order-1',
  state: 'completed',
  items: [{ id: 'it', state: 'completed', service: { id: 'a/it' } }],
};
const lineService: ServiceView = {
  id: 'a/it',
  serviceType: 'broadband',
  state: 'active',
  serviceCharacteristic: Object.entries({
    downMbps: 101,
    upMbps: 51,
    vlan: 2,
    port: '1/1/1',
    technology: 'XGS-PON',
  }).map(([name, value]) => ({ name, value })),
  supportingService: [],
};
const lineHeld = { downMbps: 101, upMbps: 51, vlan: 2, port: '1/1/1', technology: 'XGS-PON' };

const written = (...orders: AcceptedOrder[]) => {
  const book = createBook();
  for (const order of orders) book.write(order);
  return book.services(idOf);
};
const byId = <One extends { id: string }>(...all: One[]) => new Map(all.map((one) => [one.id, one]));

function ledger(...lines: Partial<LedgerSummary['references'][number]>[]): LedgerSummary {
  const whole = { reference: 'r', manager: 'olt', operation: 'reserve', serviceRef: 'a/it' };
  const counts = { calls: 1, effects: 1, unknowns: 0, refusals: 0, excess: 0 };
  const references = lines.map((one) => ({ ...whole, ...counts, ...one }));
  const excess = references.reduce((sum, one) => sum + one.excess, 0);
  return { references, totals: { references: 0, calls: 0, effects: 0, unknowns: 0, refusals: 0, repeated: 0, excess } };
}
const reserved = { reference: 'x.0' };
const configured = { reference: 'x.1', operation: 'configure' };

describe('orders reached their right end', () => {
  test('holds for one that did', () => {
    expect(ordersEndedRight([line], byId(lineView), []).findings).toEqual([]);
  });
  test.each([
    ['is gone, another in its place', [{ ...lineView, id: 'order-2' }]],
    ['is in another state', [{ ...lineView, state: 'failed' }]],
    ['has an item in another state', [{ ...lineView, items: [{ id: 'it', state: 'held', service: {} }] }]],
    ['is there with one that nobody ordered', [lineView, { ...lineView, id: 'order-2' }]],
  ])('not for one that %s', (_how, views) => {
    expect(ordersEndedRight([line], byId(...views), []).findings).toHaveLength(1);
  });
  test('not for one that was accepted twice', () => {
    expect(ordersEndedRight([line], byId(lineView), ['a was accepted 2 times']).findings).toHaveLength(1);
  });
});

describe('services are as ordered', () => {
  test('holds', () => {
    expect(servicesAreRight(written(line), byId(lineService)).findings).toEqual([]);
  });
  test.each([
    ['missing', []],
    ['in another state', [{ ...lineService, state: 'terminated' }]],
    [
      'without what was asked for',
      [
        {
          ...lineService,
          serviceCharacteristic: [
            { name: 'downMbps', value: 101 },
            { name: 'upMbps', value: 51 },
          ],
        },
      ],
    ],
    ['beside one that nobody ordered', [lineService, { ...lineService, id: 'b' }]],
  ])('not when it is %s', (_how, views) => {
    expect(servicesAreRight(written(line), byId(...views)).findings).toHaveLength(1);
  });
});

describe('effects happened exactly once', () => {
  test('holds', () => {
    expect(effectsHappenedOnce(written(line), ledger(reserved, configured)).findings).toEqual([]);
  });
  test.each([
    ['one is missing', ledger(reserved)],
    ['one was done again under another reference', ledger(reserved, configured, { ...configured, reference: 'x.2' })],
    ['a stranger was served', ledger(reserved, configured, { ...reserved, serviceRef: 'stranger' })],
  ])('not when %s', (_how, found) => {
    expect(effectsHappenedOnce(written(line), found).findings).toHaveLength(1);
  });
  test('not when one reference took effect twice', () => {
    const found = ledger(reserved, { ...configured, effects: 2, calls: 2 });
    expect(effectsHappenedOnce(written(line), found).findings).toEqual([expect.stringContaining('2 times')]);
  });
  test('a refused router is registered and deregistered, a refused modify put back', () => {
    const refused: AcceptedOrder = { id: 'order-2', plan: routerRefused('b', 2) };
    expect(written(refused).get('refused-b')).toMatchObject({ effects: ['cpe.register', 'cpe.deregister'] });
    const prefix: AcceptedOrder = { id: 'order-3', plan: single('c', 1, 'ip-addressing') };
    const service = written(prefix).get('c/it');
    if (service === undefined) throw new Error('the prefix is in the book');
    const modified: AcceptedOrder = { id: 'order-4', plan: modifyRefused('d', 1, service) };
    expect(written(prefix, modified).get('c/it')).toEqual({
      ...service,
      effects: [...service.effects, 'ipam.resize', 'ipam.resize'],
    });
  });
});

test('calls without a reason are found', () => {
  expect(callsHadReason(ledger(reserved)).findings).toEqual([]);
  expect(callsHadReason(ledger({ ...reserved, calls: 10, excess: 9 })).findings).toHaveLength(2);
});

describe('the network holds what the inventory says', () => {
  const views = byId(lineService);
  test('holds', () => {
    expect(holdingsAreInventory(views, { olt: { 'a/it': lineHeld } }).findings).toEqual([]);
  });
  test.each([
    ['nothing is held', {}],
    ['something else is held', { olt: { 'a/it': { ...lineHeld, vlan: 3 } } }],
    ['something is left behind', { olt: { 'a/it': lineHeld, gone: { port: '1/1/2' } } }],
  ])('not when %s', (_how, holdings) => {
    expect(holdingsAreInventory(views, holdings).findings).toHaveLength(1);
  });
  test.each([
    ['voice', 'ims', { number: '+999100000000', codec: 'G.722', features: ['callerId'], accessPort: '1/1/1' }],
    ['tv', 'iptv', { accountId: 'tv-0000001', packages: ['basic'], streams: 2, quality: 'HD' }],
    ['mobile', 'hlr', { iccid: '8999901000000000000', msisdn: '+999700000000', dataMb: 500, roaming: 'none' }],
  ])('%s is held by %s as it is', (serviceType, manager, held) => {
    const serviceCharacteristic = Object.entries(held).map(([name, value]) => ({ name, value }));
    const service: ServiceView = { ...lineService, serviceType, serviceCharacteristic };
    const findings = (found: Record<string, unknown>) =>
      holdingsAreInventory(byId(service), { [manager]: { 'a/it': found } }).findings;
    expect(findings(held)).toEqual([]);
    for (const name of Object.keys(held)) expect(findings({ ...held, [name]: 'another' })).toHaveLength(1);
  });
  test('two allocations for one prefix are one too many', () => {
    const prefix: ServiceView = { ...lineService, serviceType: 'ip-addressing', serviceCharacteristic: [] };
    expect(holdingsAreInventory(byId(prefix), { ipam: { 'a/it': { allocations: [{}, {}] } } }).findings).toHaveLength(
      1,
    );
  });
});

test('what the fleet left behind is found', () => {
  expect(viewsEqualDomain(['service x']).findings).toHaveLength(1);
  expect(nothingIsLeft(['a claim'], ['a dead letter']).findings).toHaveLength(2);
});

test('processes may be killed, and leave with 0 when asked; nothing else', () => {
  const ended = {
    kind: 'ended',
    name: 'activator-1',
    asked: false,
    code: null,
    signal: 'SIGKILL',
    againInMs: 0,
  } as const;
  expect(endedInOrder([ended, { ...ended, asked: true, code: 0, signal: null }]).findings).toEqual([]);
  expect(endedInOrder([{ ...ended, code: 1, signal: null }]).findings).toHaveLength(1);
  expect(endedInOrder([{ ...ended, asked: true }]).findings).toHaveLength(1);
  expect(endedInOrder([{ ...ended, asked: true, code: 1, signal: null }]).findings).toHaveLength(1);
});

test('a blow that meets little is a finding', () => {
  expect(
    tooQuiet([
      { what: 'a kill', unfinished: 100 },
      { what: 'another', unfinished: 99 },
    ]),
  ).toHaveLength(1);
});

test('two hundred orders are of every kind, and no two alike', () => {
  const standing = [...written({ id: 'o', plan: business('p', 1) }).values()];
  const prefix = standing.find(({ type }) => type === 'ip-addressing');
  const pool = { ...emptyPool, business: () => standing, stubborn: () => prefix, one: () => prefix };
  const orders = orderMix('mix', 200, pool);
  expect(orders).toHaveLength(200);
  expect(new Set(orders.map(({ key }) => key)).size).toBe(200);
  expect(new Set(orders.map(({ end }) => end))).toEqual(new Set(['completed', 'partial', 'failed', 'rejected']));
  expect(new Set(orders.flatMap(({ items }) => items.map(({ action }) => action)))).toEqual(
    new Set(['add', 'modify', 'delete']),
  );
  expect(orders.filter(({ items }) => items.length === 3).length).toBeGreaterThan(80);
});
