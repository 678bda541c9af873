import { afterAll, beforeAll, expect, test } from 'vitest';
import { leaseDueRows } from '../../ops/platform/messaging/alarm.store.ts';
import { type Workbench, createWorkbench } from '../../ops/verify/testbed/workbench.ts';
import { remove } from './amend.decide.ts';
import {
  accepted,
  aSpecification,
  after,
  anItem,
  anOrder,
  busy,
  cancelled,
  claimed,
  due,
  lived,
  noon,
  settled,
  stalled,
  verdicts,
} from './orders.fixture.ts';
import type { OrderState } from './order.state.ts';
import { pageOfServiceOrders, serviceOrderRows, serviceOrders } from './service-order.store.ts';
import { findCancellations } from './cancellation.store.ts';
import { findSpecifications, serviceSpecifications, specificationKey } from './specification.store.ts';

let bench: Workbench;
beforeAll(async () => void (bench = await createWorkbench()));
afterAll(() => bench.close());

const order = anOrder(anItem('a'), anItem('b', { dependsOn: ['a'] }), anItem('c', { action: 'modify' }));
const named = (state: OrderState, id: string): OrderState => ({
  ...state,
  order: { ...state.order, id, request: { ...state.order.request, id: order.id } },
});
const save = (...states: readonly OrderState[]) => bench.sql.begin((tx) => Promise.all(serviceOrders.save(tx, states)));
const load = (...ids: readonly string[]) => bench.sql.begin((tx) => serviceOrders.load(tx, ids));

test('an order is read back as it was written, whatever it has been through', async () => {
  const ended = lived(accepted(anOrder(anItem('a'))), claimed('a'), settled('a'));
  const states = [
    lived(accepted(order)),
    lived(accepted(anOrder(anItem('a', { characteristics: {} })))),
    lived(accepted(order), claimed('a', 'b'), verdicts(busy('c')), settled('a')),
    lived(accepted(order), claimed('a', 'b', 'c'), stalled('a'), due(after(60))),
    lived(accepted(order), claimed('a', 'b', 'c'), settled('a', 'failed')),
    ended,
    remove(ended, { commandId: 'c', id: order.id }, noon).save?.[0] as OrderState,
  ].map((state, at) => named(state, `order-${at}`));
  await save(...states);
  const loaded = await load(...states.map((state) => state.order.id));
  // The release before wants its count of reminders.
  const kept = states.map((state) => ({ ...heard(state), reminders: 0 }));
  expect([...loaded.values()].map(heard)).toEqual(JSON.parse(JSON.stringify(kept), revived));
});

/** Without what its row keeps in short, of which the next tests are. */
const heard = (state: OrderState): OrderState => ({
  ...state,
  work: Object.fromEntries(
    Object.entries(state.work).map(
      ([id, { resolved: _resolved, settled: _settled, previous: _previous, supporting: _supporting, ...work }]) => [
        id,
        work,
      ],
    ),
  ),
});

test('a row refers to its specifications', async () => {
  const state = named(lived(accepted(order), claimed('a', 'b'), settled('a')), 'referring');
  await save(state);
  const known = (await load('referring')).get('referring');
  expect(known?.work['b']?.resolved?.specification).toEqual({
    id: 'line',
    version: expect.any(String),
    name: expect.any(String),
    serviceType: expect.any(String),
    digest: expect.stringMatching(/^[\w-]{43}$/),
  });
  const [settledService] = Object.values(known?.work ?? {}).flatMap((work) => work.settled ?? []);
  expect(Object.keys(settledService ?? {}).toSorted()).toEqual(['characteristics', 'id', 'resources', 'serviceType']);
  // A word said again is the word said first: what it refers to is what was accepted.
  await save(known as OrderState);
  expect((await load('referring')).get('referring')).toEqual(known);
});

test('an order that ended keeps what late messages are held against, and nothing to launch by', async () => {
  const ended = named(lived(accepted(anOrder(anItem('a'))), claimed('a'), settled('a')), 'ended');
  await save(ended);
  const known = (await load('ended')).get('ended');
  const { resolved: _resolved, previous: _previous, supporting: _supporting, ...late } = ended.work['a'] ?? {};
  expect(known).toEqual({
    ...ended,
    reminders: 0,
    work: { a: { ...late, settled: { id: ended.work['a']?.settled?.id, characteristics: {}, resources: [] } } },
  });
});

/** Dates are columns; the rest is JSON. */
const revived = (key: string, value: unknown): unknown =>
  key === 'dueAt' && typeof value === 'string' ? new Date(value) : value;

test('saved again, the newer state is what there is; what nobody saved is not there', async () => {
  const first = named(lived(accepted(order)), 'again');
  await save(first);
  await save({ ...first, deleted: true, dueAt: null });
  expect((await load('again', 'nobody')).get('again')).toMatchObject({ deleted: true, dueAt: null });
  expect((await load('again', 'nobody')).size).toBe(1);
});

test('requests to cancel are found by their ids, beside others of their order, and noted as rows of their own', async () => {
  const twice = lived(accepted(order), claimed('a', 'b', 'c'), cancelled('first', after(60)));
  const [request] = twice.cancellations;
  if (request === undefined) throw new Error('nothing was asked');
  const refused = { ...request, id: 'refused', state: 'terminatedWithError' as const };
  await save(
    { ...named(twice, 'asked-twice'), cancellations: [refused, request] },
    { ...named(lived(accepted(order), cancelled('other')), 'asked-once'), deleted: true },
    named(lived(accepted(order)), 'never-asked'),
  );
  const found = await bench.sql.begin((tx) => findCancellations(tx, ['first', 'other', 'nobody']));
  expect([...found].map(([id, { cancellation, deleted }]) => [id, cancellation.state, deleted])).toEqual(
    expect.arrayContaining([
      ['first', 'accepted', false],
      ['other', 'done', true],
    ]),
  );
  expect(found.size).toBe(2);
  const rows = await bench.sql<{ id: string }[]>`select id from service_ordering.cancellation order by id`;
  expect(rows.map(({ id }) => id)).toEqual(['first', 'other', 'refused']);
});

test('alarms ring for what is due by the database’s clock, and are leased until the order is saved', async () => {
  const past = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const base = lived(accepted(order));
  await save(
    { ...named(base, 'due-late'), dueAt: past(10) },
    { ...named(base, 'due-later'), dueAt: past(20) },
    { ...named(base, 'due-tomorrow'), dueAt: past(-24 * 60) },
    { ...named(base, 'due-never'), dueAt: null },
  );
  const taken = async () =>
    (await leaseDueRows(bench.sql, serviceOrderRows, 100)).map(({ id }) => id).filter((id) => id.startsWith('due-'));
  expect((await taken()).toSorted()).toEqual(['due-late', 'due-later']);
  expect(await taken()).toEqual([]);
  await save({ ...named(base, 'due-late'), dueAt: past(5) });
  expect(await taken()).toEqual(['due-late']);
});

test('pages are in order of id and follow on each other', async () => {
  await save(...['p1', 'p2', 'p3'].map((id) => named(lived(accepted(order)), id)));
  const page = (afterId: string) =>
    bench.sql.begin(async (tx) => (await pageOfServiceOrders(tx, afterId, 2)).map((state) => state.order.id));
  expect(await page('p0')).toEqual(['p1', 'p2']);
  expect((await page('p2'))[0]).toBe('p3');
});

test('specifications are found by id, with all their versions, or by service type, oldest revision first', async () => {
  const versions = [
    aSpecification({ version: '2.0', revision: 2 }),
    aSpecification({ version: '1.0', revision: 1 }),
    aSpecification({ id: 'else', serviceType: 'voice' }),
  ];
  await bench.sql.begin((tx) => Promise.all(serviceSpecifications.save(tx, versions)));
  const found = (wanted: Parameters<typeof findSpecifications>[1]) =>
    bench.sql.begin(async (tx) => (await findSpecifications(tx, wanted)).map(({ id, version }) => `${id} ${version}`));
  expect(await found({ ids: ['line'], serviceTypes: [] })).toEqual(['line 1.0', 'line 2.0']);
  expect(await found({ ids: [], serviceTypes: ['voice'] })).toEqual(['else 1.0']);
  expect(await found({ ids: [], serviceTypes: [] })).toEqual([]);
  const keys = versions.map(specificationKey);
  const loaded = await bench.sql.begin((tx) => serviceSpecifications.load(tx, keys));
  expect(keys.map((key) => loaded.get(key))).toEqual(versions);
});
