import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecoveryPolicy } from '../../contracts/messages/decomposition.ts';
import { leaseDueRows } from '../../ops/platform/messaging/alarm.store.ts';
import { type Workbench, createWorkbench } from '../../ops/verify/testbed/workbench.ts';
import { amend, remove } from './amend/amend.decide.ts';
import { correct } from './recover/correction.decide.ts';
import { corrections } from './recover/correction.store.ts';
import type { OrderState } from './order.state.ts';
import {
  aProduct,
  accepted,
  after,
  anItem,
  anOrder,
  cancelled,
  chain,
  claimed,
  done,
  due,
  lived,
  noon,
  policy,
  recorded,
  retry,
  rules,
  told,
  tooLate,
  tools,
  turn,
} from './orders.fixture.ts';
import { pageOfProductOrders, productOrderRows, productOrders } from './product-order.store.ts';
import {
  decompositionRules,
  findRules,
  findRulesOfOrders,
  newestPolicies,
  recoveryPolicies,
} from './receive/rule.store.ts';

let bench: Workbench;
beforeAll(async () => void (bench = await createWorkbench()));
afterAll(() => bench.close());

const order = anOrder(chain(), anItem('2'));
const failure = { code: 'noPort', reason: 'No port.' };
const running = [accepted(order, policy(retry(1), { do: 'hold' })), claimed()];
const named = (state: OrderState, id: string): OrderState => ({ ...state, order: { ...state.order, id } });
const save = (...states: readonly OrderState[]) => bench.sql.begin((tx) => Promise.all(productOrders.save(tx, states)));
const load = (...ids: readonly string[]) => bench.sql.begin((tx) => productOrders.load(tx, ids));

test('an order is read back as it was written, whatever it has been through', async () => {
  const ended = lived(...running, ...done('alone', 'first', 'middle', 'last'), recorded);
  const followed = amend(
    lived(...running),
    { commandId: 'c', id: 'o' },
    { whenStarted: 'followUp', items: [chain('1', { characteristics: { rate: 5 } })] },
    rules,
    turn(),
  );
  const states = [
    lived(accepted(order)),
    lived(accepted(anOrder(anItem('1', { specification: { id: 'nothing' } })))),
    lived(...running, told('first', 'failed', failure)),
    lived(...running, told('first', 'failed', failure), due(after(10)), told('first', 'failed', failure, after(10))),
    lived(...running, ...done('first', 'alone'), cancelled(), told('middle', 'cancelled')),
    lived(...running, cancelled(), tooLate('first')),
    lived(
      accepted(anOrder(anItem('1', { action: 'delete', productId: 'p' }))),
      claimed(aProduct('p')),
      ...done('last'),
    ),
    followed.save?.[0] as OrderState,
    ended,
    remove(ended, { commandId: 'c', id: 'o' }, noon).save?.[0] as OrderState,
  ].map((state, at) => named(state, `order-${at}`));
  await save(...states);
  const loaded = await load(...states.map((state) => state.order.id));
  // The release before takes no row without the number of its reminders.
  const kept = states.map((state) => ({ ...state, reminders: 0 }));
  expect([...loaded.values()]).toEqual(JSON.parse(JSON.stringify(kept), revived));
});

/** Dates are columns; the rest is JSON. */
const revived = (key: string, value: unknown): unknown =>
  key === 'dueAt' && typeof value === 'string' ? new Date(value) : value;

test('saved again, the newer state is what there is; what nobody saved is not there', async () => {
  const first = named(lived(...running), 'again');
  await save(first);
  await save({ ...first, records: 7, dueAt: null });
  expect((await load('again', 'nobody')).get('again')).toMatchObject({ records: 7, dueAt: null });
  expect((await load('again', 'nobody')).size).toBe(1);
});

test('alarms ring for what is due by the database’s clock, and are leased until the order is saved; pages follow on each other', async () => {
  const past = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const base = lived(...running);
  await save(
    { ...named(base, 'due-late'), dueAt: past(10) },
    { ...named(base, 'due-later'), dueAt: past(20) },
    { ...named(base, 'due-tomorrow'), dueAt: past(-24 * 60) },
    { ...named(base, 'due-never'), dueAt: null },
  );
  const taken = async () =>
    (await leaseDueRows(bench.sql, productOrderRows, 100)).map(({ id }) => id).filter((id) => id.startsWith('due-'));
  expect((await taken()).toSorted()).toEqual(['due-late', 'due-later']);
  expect(await taken()).toEqual([]);
  await save({ ...named(base, 'due-late'), dueAt: past(5) });
  expect(await taken()).toEqual(['due-late']);
  const page = await bench.sql.begin((tx) => pageOfProductOrders(tx, 'due-late', 2));
  expect(page.map((state) => state.order.id)).toEqual(['due-later', 'due-never']);
});

test('rules are found by specification, with all versions and those of what they bundle', async () => {
  const [chainRule] = rules;
  if (chainRule === undefined) throw new Error('there is no rule');
  const newer = { ...chainRule, version: '2', revision: 2 };
  await bench.sql.begin((tx) => Promise.all(decompositionRules.save(tx, [...rules, newer])));
  const names = async (ids: readonly string[]) =>
    (await bench.sql.begin((tx) => findRules(tx, ids))).map(
      ({ specification, version }) => `${specification.id} ${version}`,
    );
  expect(await names(['chain'])).toEqual(['chain 1', 'chain 2']);
  expect(await names(['bundle', 'nothing'])).toEqual(['bundle 1', 'tv 1']);
  expect(await names([])).toEqual([]);
  await save(named(lived(accepted(order)), 'with-rules'));
  const ofOrder = await bench.sql.begin((tx) => findRulesOfOrders(tx, ['with-rules'], ['abroad']));
  expect(ofOrder.map(({ specification }) => specification.id)).toEqual(['abroad', 'chain', 'chain', 'solo']);
});

test('of the policies of a service type the newest counts, and none is written over', async () => {
  const of = (serviceType: string, revision: number, attempts: number): RecoveryPolicy => ({
    serviceType,
    revision,
    cases: { any: [retry(attempts)] },
  });
  const saved = (...all: readonly RecoveryPolicy[]) =>
    bench.sql.begin((tx) => Promise.all(recoveryPolicies.save(tx, all)));
  await saved(of('*', 1, 1), of('line', 2, 2), of('line', 1, 3));
  await saved(of('line', 2, 9));
  const newest = await bench.sql.begin((tx) => newestPolicies(tx));
  expect(newest.map(({ serviceType, cases }) => [serviceType, cases.any])).toEqual([
    ['*', [retry(1)]],
    ['line', [retry(2)]],
  ]);
});

test('a repair that was asked for is read back, and written over by the next', async () => {
  const [component] = aProduct('p').components;
  if (component === undefined) throw new Error('there is no component');
  const policies = [{ ...policy({ do: 'hold' }), repair: { attempts: 3 } }];
  const complain = (revision: number) =>
    correct(undefined, { productId: 'p', revision, component }, policies, noon, tools);
  for (const revision of [4, 5])
    await bench.sql.begin((tx) => Promise.all(corrections.save(tx, complain(revision).save ?? [])));
  const loaded = await bench.sql.begin((tx) => corrections.load(tx, ['p-first', 'nothing']));
  expect([...loaded.values()]).toEqual(complain(5).save);
});
