import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serviceSpecification } from '../../../contracts/messages/service-catalog.ts';
import { activations } from '../../../workers/activation/activation.store.ts';
import * as activation from '../../../workers/activation/activations.fixture.ts';
import { productOrders } from '../../../workers/order-management/product-order.store.ts';
import * as productOrder from '../../../workers/order-management/orders.fixture.ts';
import { decompositionRules, recoveryPolicies } from '../../../workers/order-management/receive/rule.store.ts';
import { correct } from '../../../workers/order-management/recover/correction.decide.ts';
import { corrections } from '../../../workers/order-management/recover/correction.store.ts';
import { outsideOrders } from '../../../workers/outside-ordering/outside-order.store.ts';
import * as outside from '../../../workers/outside-ordering/outside-orders.fixture.ts';
import { inventory } from '../../../workers/product-inventory/product.store.ts';
import * as product from '../../../workers/product-inventory/products.fixture.ts';
import { services } from '../../../workers/service-inventory/service.store.ts';
import * as service from '../../../workers/service-inventory/services.fixture.ts';
import * as serviceOrder from '../../../workers/service-ordering/orders.fixture.ts';
import { serviceOrders } from '../../../workers/service-ordering/service-order.store.ts';
import { serviceSpecifications } from '../../../workers/service-ordering/specification.store.ts';
import { createContents } from '../../platform/contents.store.ts';
import { type Database, connectDatabase } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import type { Aggregate } from '../../platform/messaging/handler.ts';
import { insertDue, leaseDue } from '../../platform/messaging/message.store.ts';
import { type Testbed, createTestbed } from '../testbed/testbed.ts';
import { withAdditions } from './additions.fixture.ts';

let testbed: Testbed;
let sql: Database;
beforeAll(async () => {
  testbed = await createTestbed();
  sql = connectDatabase(testbed.databaseUrl, { connections: 2, role: 'test' });
});
afterAll(async () => {
  await sql.end({ timeout: 5 });
  await testbed.close();
});

interface Case {
  readonly aggregate: Aggregate<unknown>;
  readonly states: readonly unknown[];
}
const of = <State>(aggregate: Aggregate<State>, ...states: readonly State[]): Case => ({
  aggregate,
  states,
});

const aComponent = product.aComponent('s');
const aCorrection = correct(
  undefined,
  { productId: 'p', revision: 1, component: aComponent },
  [{ ...productOrder.policy({ do: 'hold' }), repair: { attempts: 2 } }],
  product.noon,
  productOrder.tools,
).save?.[0];
const aProductInventory = product.anInventory(product.aProduct({ id: 'p' }, 's'));
const { save: claimedProducts = [] } = aProductInventory.claim(1, product.aChange('p'));
const claimedService = service.anInventory(service.aService({ resources: [{ id: 'r', name: 'r', type: 't' }] }));
claimedService.claim('o', service.aClaim());
claimedService.claim('waits', service.aClaim());
const { activation: stalled } = activation.lived(activation.begun(), activation.outcome(activation.refused));
const { order: placedOutside } = outside.placed();
const [rule] = productOrder.rules;

/** Every table whose rows are read, changed and written back, with rows that have been through something. */
const cases: Readonly<Record<string, Case>> = {
  'service_inventory.service': of(services, claimedService.service()),
  'service_ordering.service_order': of(
    serviceOrders,
    serviceOrder.lived(
      serviceOrder.accepted(serviceOrder.anOrder(serviceOrder.anItem('a'), serviceOrder.anItem('b'))),
      serviceOrder.claimed('a', 'b'),
      serviceOrder.stalled('a'),
      serviceOrder.settled('b'),
      serviceOrder.cancelled('c'),
    ),
  ),
  'service_ordering.service_specification': of(serviceSpecifications, serviceOrder.aSpecification()),
  'order_management.product_order': of(
    productOrders,
    productOrder.lived(
      productOrder.accepted(
        productOrder.anOrder(productOrder.chain(), productOrder.anItem('2')),
        productOrder.policy(productOrder.retry(1), { do: 'hold' }),
      ),
      productOrder.claimed(productOrder.aProduct('p')),
      productOrder.told('first', 'failed', { code: 'noPort', reason: 'No port.' }),
      productOrder.cancelled(),
    ),
  ),
  'order_management.correction': of(corrections, ...(aCorrection === undefined ? [] : [aCorrection])),
  'order_management.rule': of(decompositionRules, ...(rule === undefined ? [] : [rule])),
  'order_management.recovery_policy': of(recoveryPolicies, productOrder.policy({ do: 'hold' })),
  'product_inventory.product': of(inventory, ...claimedProducts.filter(({ kind }) => kind === 'product')),
  'product_inventory.known_order': of(inventory, ...claimedProducts.filter(({ kind }) => kind === 'order')),
  'activation.activation': of(activations({ contents: createContents(serviceSpecification) }), stalled),
  'outside_ordering.outside_order': of(
    outsideOrders(() => undefined),
    ...(placedOutside === undefined ? [] : [placedOutside]),
  ),
};

/** Other columns of JSON: nothing is read from them, changed and written back. */
const elsewhere: Readonly<Record<string, string>> = {
  'platform.message headers': 'a case of its own, below',
  'platform.outbox headers': 'moved as they are, then sent from platform.message',
  'platform.letter headers': 'read for people, and sent again as they are',
  'platform.content doc': 'never changes: what it is found by is its digest',
  'platform.audit subject': 'written once, read by people',
  'gateway.submitted document': 'what the client sent, as it was sent: no schema is laid over it',
  'gateway.view doc': 'projected: made anew from each event, and by `views rebuild`',
  'gateway.outcome refusal': 'written once, read for a minute',
  'gateway.outcome result': 'written once, read for a minute',
  'gateway.pending_document document': 'what the client sent, as a PATCH would leave it: moved as it is',
  'gateway.idempotency response': 'written once, answered again as it is',
};

test.each(Object.entries(cases))(
  'what a newer release added to a row of %s is there after load and save',
  async (table, { aggregate, states }) => {
    expect(states.length).toBeGreaterThan(0);
    await sql.begin((tx) => Promise.all(aggregate.save(tx, states)));
    const before = (await sql<{ ctid: string; doc: unknown }[]>`select ctid::text, doc from ${sql(table)}`).map(
      (row) => ({ ...row, doc: withAdditions(row.doc) }),
    );
    for (const { ctid, doc } of before)
      await sql`update ${sql(table)} set doc = ${JSON.stringify(doc)}::text::jsonb where ctid = ${ctid}::tid`;
    await sql.begin(async (tx) => {
      const loaded = await aggregate.load(
        tx,
        states.map((state) => aggregate.key(state)),
      );
      await Promise.all(aggregate.save(tx, [...loaded.values()]));
    });
    const after = (await sql<{ doc: unknown }[]>`select doc from ${sql(table)}`).map(({ doc }) => doc);
    expect(after).toEqual(before.map(({ doc }) => doc));
  },
);

/** In each table that has one, a word of its state. */
const stateWords: Readonly<Record<string, string>> = {
  'service_inventory.service': '{service,state}',
  'service_ordering.service_order': '{order,progress,a,state}',
  'order_management.product_order': '{order,deliveries,0,state}',
  'product_inventory.product': '{product,status}',
  'activation.activation': '{entries,0,state}',
  'outside_ordering.outside_order': '{step}',
};

test.each(Object.entries(stateWords))(
  'a row of %s in a state that this release does not know is not loaded',
  async (table, path) => {
    const { aggregate, states } = cases[table] as Case;
    await sql.begin((tx) => Promise.all(aggregate.save(tx, states)));
    await sql`update ${sql(table)} set doc = jsonb_set(doc, ${path}::text[], '"fromTheFuture"', false)`;
    const loading = sql.begin((tx) =>
      aggregate.load(
        tx,
        states.map((state) => aggregate.key(state)),
      ),
    );
    await expect(loading).rejects.toThrow(`${table} `);
    await expect(loading).rejects.toThrow('says fromTheFuture');
  },
);

test('what a newer release added to an envelope is there when this one sweeps its row', async () => {
  const envelope = withAdditions({
    correlationId: newId(),
    attempt: 1,
    failures: 0,
    deadLetter: {
      queue: 'q',
      worker: 'w',
      exchange: '',
      routingKey: 'q',
      errorClass: 'E',
      errorMessage: 'no',
      failures: 1,
      failedAt: 'then',
    },
  });
  await insertDue(sql, [{ id: newId(), exchange: 'evt', routingKey: 'k', type: 't', envelope, body: '{}' }]);
  const { publications } = await leaseDue(sql, 10);
  expect(publications.map((one) => one.envelope)).toEqual([envelope]);
});

describe('no store is forgotten', () => {
  test('every column of JSON is a case here, or nothing that is written back', async () => {
    const columns = await sql<{ name: string; table: string }[]>`
      select table_schema || '.' || table_name as table, table_schema || '.' || table_name || ' ' || column_name as name
      from information_schema.columns join information_schema.tables using (table_schema, table_name)
      where data_type in ('json', 'jsonb') and table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`;
    const missing = columns.filter(
      ({ name, table }) => !(name === `${table} doc` && table in cases) && !(name in elsewhere),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
    const known = new Set(columns.flatMap(({ name, table }) => [name, table]));
    expect([...Object.keys(cases), ...Object.keys(elsewhere)].filter((name) => !known.has(name))).toEqual([]);
  });

  test('every store that writes a column doc is the store of a case', () => {
    const root = join(import.meta.dirname, '../../..');
    const files = globSync('{gateway,workers,ops/platform}/**/*.store.ts', { cwd: root });
    expect(files.length).toBeGreaterThan(20);
    const written = files.flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return [...text.matchAll(/(?:insert into|update)\s+(\w+\.\w+)/g)].map(([, table = '']) => table);
    });
    const documented = new Set([
      ...Object.keys(cases),
      ...Object.keys(elsewhere).map((name) => name.split(' ')[0] ?? ''),
    ]);
    const others = [
      'platform.inbox',
      'platform.message_type',
      'platform.crash',
      'platform.marker',
      'platform.breaker',
      'service_ordering.duration',
    ];
    expect([...new Set(written)].filter((table) => !documented.has(table) && !others.includes(table))).toEqual([]);
  });
});
