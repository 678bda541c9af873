/**
 * The official contracts of the product APIs, whole, as `official.int.test.ts` holds those of the service APIs: every
 * operation, every status that can be provoked, every enum value that can be reached.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { decompositionRule, publishRecoveryPolicy, publishRule } from '../../contracts/messages/decomposition.ts';
import { type Outgoing, send } from '../../contracts/messages/message.ts';
import { settleDelivery } from '../../contracts/messages/order-management.ts';
import { productStatuses } from '../../contracts/states/product.ts';
import type { JsonObject } from '../../contracts/tmf/common.ts';
import { publicationOf } from '../../ops/platform/messaging/envelope.ts';
import { newId } from '../../ops/platform/ids.ts';
import { insertDue } from '../../ops/platform/messaging/message.store.ts';
import { specsFolder } from '../../ops/verify/testbed/specs-folder.ts';
import { type Ask, startSystem, type System } from '../../ops/verify/testbed/system.ts';
import { createTestbed, type Testbed } from '../../ops/verify/testbed/testbed.ts';
import { productOrderPlanSchema } from '../apis/tmf622/dry-run.ts';
import { type AnswerCase, answerCases, sending, taskCases } from './answer-cases.ts';
import {
  conformingClient,
  officialProductDocuments,
  PRODUCT_CANCELLATIONS as CANCELLATIONS,
  PRODUCT_ORDERS as ORDERS,
  PRODUCTS,
  SERVICES,
  type ConformingClient,
} from './conforming-client.ts';
import type { Conformance } from './conformance.ts';
import type { Coverage } from './coverage.ts';
import { policies, rules } from './product-rules.fixture.ts';
import { inState, pathOf, productIdsOf, productItemsOf as itemsOf, withStatus } from './reading.ts';
import { describeWithSpecs } from './specs.ts';
import { spoilData } from './spoiled-data.fixture.ts';

describeWithSpecs(specsFolder(), 'TMF622 and TMF637 as served', (readSpec) => {
  let testbed: Testbed;
  let system: System;
  let documents: Readonly<Record<string, Conformance>>;
  let client: ConformingClient;
  const ofGateway = (ask: Ask) => conformingClient(ask, documents);
  const tell = (...messages: Outgoing[]) =>
    insertDue(
      system.sql,
      messages.map((message) => publicationOf(message, { correlationId: newId() })),
    );

  beforeAll(async () => {
    testbed = await createTestbed();
    system = await startSystem(testbed);
    await system.listen();
    documents = officialProductDocuments(readSpec);
    client = ofGateway(system.request);
    await tell(
      ...rules.map((rule) => send(publishRule, { rule: decompositionRule.parse(rule) })),
      ...policies.map((policy) => send(publishRecoveryPolicy, { policy })),
    );
    const known = async (id: string) => (await plan(item('1', 'add', of(id)))).verdict === 'acceptable';
    for (const { specification } of rules)
      await vi.waitUntil(() => known(specification.id), { timeout: 20_000, interval: 50 });
  });
  afterAll(async () => {
    await system?.close();
    await testbed?.close();
  });

  const of = (id: string, more: JsonObject = {}) => ({ productSpecification: { id, version: '1.0' }, ...more });
  const item = (id: string, action: string, product: JsonObject, more: JsonObject = {}) => ({
    ...{ id, action, product },
    ...more,
  });
  const after = (...ids: string[]) => ({
    productOrderItemRelationship: ids.map((id) => ({ id, relationshipType: 'dependsOn' })),
  });
  /** What a dry run says: an answer of ours, since the document knows no 200 of a create. */
  const plan = async (...items: JsonObject[]) => {
    const init = sending({ productOrderItem: items });
    const answer = await system.request(`${ORDERS}?dryRun=true`, { method: 'POST', ...init });
    expect(answer.status).toBe(200);
    return productOrderPlanSchema.parse(await answer.json());
  };
  const placed = async (...items: JsonObject[]): Promise<string> => {
    const { status, body } = await client.post(ORDERS, { productOrderItem: items });
    expect(status).toBe(201);
    return `${ORDERS}/${String(body['id'])}`;
  };
  const idOf = (path: string | undefined) => path?.split('/').at(-1) ?? '';
  const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
  /** An order that waits for its date. */
  const waitingOrder = async (): Promise<string> => {
    const body = { requestedStartDate: inAnHour(), productOrderItem: [item('1', 'add', of('a-line'))] };
    const path = pathOf(await client.post(ORDERS, body));
    await client.until(path, inState('pending'));
    return path;
  };
  const cancelled = (order: string, more: JsonObject = {}) =>
    client.post(CANCELLATIONS, { ...more, productOrder: { id: idOf(order) } });
  const states = (order: JsonObject) => Object.fromEntries(itemsOf(order).map((one) => [one['id'], one['state']]));
  /** A product that is live, by its id. */
  const live = async (specification = 'a-line'): Promise<string> => {
    const order = await client.until(await placed(item('1', 'add', of(specification))), inState('completed'));
    return productIdsOf(order)[0] ?? '';
  };
  const faulty = (...faults: Parameters<System['network']['add']>[0][number][]) => system.network.add(faults);

  describe('what an order and its items go through', () => {
    test('acknowledged, then completed: each of a quantity is a product of its own, active on its services', async () => {
      const { status, body } = await client.post(ORDERS, {
        productOrderItem: [item('lines', 'add', of('a-line'), { quantity: 2 })],
      });
      expect([status, body['state'], states(body)]).toEqual([201, 'acknowledged', { lines: 'acknowledged' }]);
      const order = await client.until(`${ORDERS}/${String(body['id'])}`, inState('completed'));
      expect(order).toMatchObject({ completionDate: expect.any(String), productOrderItem: [{ state: 'completed' }] });
      const ids = productIdsOf(order);
      expect(new Set(ids).size).toBe(2);
      for (const id of ids) {
        const product = await client.until(`${PRODUCTS}/${id}`, withStatus('active'));
        expect(product).toMatchObject({
          startDate: expect.any(String),
          productSpecification: { id: 'a-line', version: '1.0' },
          productOrderItem: [{ productOrderId: body['id'], orderItemId: 'lines', orderItemAction: 'add' }],
        });
        const [service] = product['realizingService'] as JsonObject[];
        const path = new URL(String(service?.['href'])).pathname;
        expect([path, (await client.get(path)).body['state']]).toEqual([
          `${SERVICES}/${String(service?.['id'])}`,
          'active',
        ]);
      }
    });

    test('a bundle is active with its parts, which say whose they are; suspended and taken up again as one', async () => {
      const bundle = await live('a-home');
      const all = async () => {
        const { list } = await client.get(`${PRODUCTS}?productRelationship.product.id=${bundle}`);
        return [(await client.get(`${PRODUCTS}/${bundle}`)).body, ...list];
      };
      expect((await all()).map(({ status }) => status)).toEqual(['active', 'active', 'active']);
      expect((await all())[0]?.['productRelationship']).toMatchObject([
        { relationshipType: 'bundled' },
        { relationshipType: 'bundled' },
      ]);
      for (const status of ['suspended', 'active']) {
        await client.until(await placed(item('1', 'modify', { id: bundle, status })), inState('completed'));
        expect((await all()).map((one) => one['status'])).toEqual([status, status, status]);
      }
    });

    test('rejected, with the reason at the order and at the item', async () => {
      const order = await client.until(await placed(item('1', 'add', of('nothing'))), inState('rejected'));
      expect(order).toMatchObject({
        errorMessage: [{ reason: expect.stringContaining('nothing') }],
        note: [{ author: 'order management', text: expect.stringContaining('nothing') }],
        productOrderItem: [{ state: 'rejected', errorMessage: [{ code: expect.any(String) }] }],
      });
    });

    test('inProgress, and amended before it has started; modify, noChange and delete', async () => {
      const [product, other] = [await live(), await live()];
      const speed = (value: number) => [{ name: 'downMbps', value }];
      await system.stop('activator');
      const order = await placed(
        item('faster', 'modify', { id: product, productCharacteristic: speed(200) }),
        item('later', 'add', of('a-line'), after('faster')),
        item('same', 'noChange', { id: other }),
      );
      const running = await client.until(order, (one) => states(one)['faster'] === 'inProgress');
      expect([running['state'], states(running)['same']]).toEqual(['inProgress', 'completed']);
      const path = '/productOrderItem/1/product/productCharacteristic';
      const patch = { headers: { 'content-type': 'application/json-patch+json' } };
      const amend = (at: number) => [{ op: 'add', path: path.replace('1', String(at)), value: speed(300) }];
      const late = await client.send('PATCH', order, { ...patch, body: JSON.stringify(amend(0)) });
      expect(late.status).toBe(409);
      const timely = await client.send('PATCH', order, { ...patch, body: JSON.stringify(amend(1)) });
      expect(timely.status).toBe(200);
      await system.start('activator');
      const done = await client.until(order, inState('completed'));
      const [, added] = productIdsOf(done);
      for (const [id, value] of [
        [product, 200],
        [added, 300],
      ] as const)
        expect((await client.get(`${PRODUCTS}/${id}`)).body['productCharacteristic']).toContainEqual(
          expect.objectContaining({ name: 'downMbps', value }),
        );
      await client.until(await placed(item('gone', 'delete', { id: product })), inState('completed'));
      expect((await client.get(`${PRODUCTS}/${product}`)).body).toMatchObject({
        status: 'terminated',
        terminationDate: expect.any(String),
      });
    });

    test('held where the policy wants a person; goes on by that person’s word', async () => {
      await faulty({ manager: 'ipam', operation: 'allocate', kind: 'refuse', count: 1 });
      const order = await placed(item('site', 'add', of('a-site')));
      const held = await client.until(order, inState('held'));
      expect(states(held)).toEqual({ site: 'held' });
      expect(held['note']).toMatchObject([{ text: expect.stringContaining('site') }]);
      expect((await client.remove(order)).status).toBe(409);
      const [{ id: deliveryId } = { id: '' }] = await system.sql<{ id: string }[]>`
        select one ->> 'id' as id from order_management.product_order, jsonb_array_elements(doc -> 'order' -> 'deliveries') as one
        where product_order.id = ${idOf(order)} and one ->> 'state' = 'held'`;
      await tell(send(settleDelivery, { orderId: idOf(order), deliveryId, verb: 'retry' }));
      await client.until(order, inState('completed'));
    });

    test('pending until its date; cancelled before it, the task acknowledged until its own, or done at once', async () => {
      const order = await waitingOrder();
      const done = await cancelled(order);
      expect(done.status).toBe(201);
      expect(await client.until(pathOf(done), inState('done'))).toMatchObject({
        effectiveCancellationDate: expect.any(String),
        completionMessage: expect.any(String),
      });
      expect(await client.until(order, inState('cancelled'))).toMatchObject({
        ...{ cancellationDate: expect.any(String), productOrderItem: [{ state: 'cancelled' }] },
      });
      const other = await waitingOrder();
      const later = await cancelled(other, { requestedCancellationDate: inAnHour() });
      expect([later.status, later.body['state']]).toEqual([201, 'acknowledged']);
      expect((await client.get(other)).body['state']).toBe('pending');
    });

    test('assessingCancellation until its service orders have said whether they can be taken back', async () => {
      await system.stop('activator');
      const order = await placed(item('line', 'add', of('a-line')));
      await client.until(order, (one) => states(one)['line'] === 'inProgress');
      const task = pathOf(await cancelled(order));
      const assessed = await client.until(order, inState('assessingCancellation'));
      expect(states(assessed)).toEqual({ line: 'assessingCancellation' });
      await system.start('activator');
      await client.until(task, inState('done'));
      expect((await client.get(order)).body).toMatchObject({ state: 'cancelled' });
    });

    test('pendingCancellation while it is taken back, the task inProgress', async () => {
      await faulty(
        { id: 'busy', manager: 'ipam', operation: 'allocate', kind: 'throttle', params: { retryAfterSeconds: 600 } },
        { id: 'slow', manager: 'olt', operation: 'clear', kind: 'latency', params: { ms: 4_000 } },
      );
      const lines = async () =>
        (await client.get(`${SERVICES}?serviceType=broadband&state=active`)).headers.get('x-total-count');
      const before = await lines();
      const order = await placed(item('site', 'add', of('a-site')));
      await vi.waitUntil(async () => (await lines()) !== before, { timeout: 20_000, interval: 25 });
      const task = pathOf(await cancelled(order));
      const going = await client.until(order, inState('pendingCancellation'));
      expect(states(going)).toEqual({ site: 'pendingCancellation' });
      expect((await client.get(task)).body['state']).toBe('inProgress');
      await client.until(task, inState('done'));
      await Promise.all(['busy', 'slow'].map((id) => system.network.remove(id)));
    });

    test('completed although its cancellation was asked for: too late, the task terminatedWithError', async () => {
      const product = await live();
      await faulty({ id: 'slow', manager: 'olt', operation: 'release', kind: 'latency', params: { ms: 4_000 } });
      const [service] = (await client.get(`${PRODUCTS}/${product}`)).body['realizingService'] as JsonObject[];
      const order = await placed(item('gone', 'delete', { id: product }));
      await expect
        .poll(async () => (await system.network.summary()).references, { timeout: 10_000 })
        .toContainEqual(expect.objectContaining({ serviceRef: service?.['id'], operation: 'clear' }));
      const task = pathOf(await cancelled(order));
      expect(await client.until(task, inState('terminatedWithError'))).toMatchObject({
        errorMessage: { code: expect.any(String) },
      });
      await client.until(order, inState('completed'));
      await system.network.remove('slow');
    });

    test('its item pending while an outside operator works on it', async () => {
      await system.network.pace({ afterMs: null });
      const order = await placed(item('port', 'add', of('a-port')));
      const waiting = await client.until(order, (one) => states(one)['port'] === 'pending');
      expect(waiting['state']).toBe('pending');
      await system.network.deliver();
      await client.until(order, inState('completed'));
    });

    test('failed, the product aborted; partial, when another item came about', async () => {
      const refuseOne = () =>
        faulty({ manager: 'olt', operation: 'reserve', kind: 'refuse', count: 1, params: { code: 'full' } });
      await refuseOne();
      const failed = await client.until(await placed(item('line', 'add', of('a-line'))), inState('failed'));
      expect(states(failed)).toEqual({ line: 'failed' });
      expect(failed).toMatchObject({ errorMessage: [{ reason: expect.any(String) }], note: [{}] });
      await client.until(`${PRODUCTS}/${productIdsOf(failed).join()}`, withStatus('aborted'));

      await refuseOne();
      const both = await placed(item('one', 'add', of('a-line')), item('other', 'add', of('a-line')));
      const partial = await client.until(both, inState('partial'));
      expect(new Set(Object.values(states(partial)))).toEqual(new Set(['completed', 'failed']));
    });

    test('an ordered product whose status the client names shows it in the order alone', async () => {
      const named = productStatuses.map((status, at) => item(String(at), 'noChange', { id: `p-${at}`, status }));
      const order = await client.until(await placed(...named), inState('completed'));
      expect(itemsOf(order).map(({ product }) => product?.['status'])).toEqual(productStatuses);
    });
  });

  test('a dry run says which products and service orders there would be, by which rule, or why none', async () => {
    const { verdict, products, serviceOrders } = await plan(item('1', 'add', of('a-site'), { quantity: 2 }));
    expect([verdict, products.map(({ unit }) => unit)]).toEqual(['acceptable', [1, 2]]);
    expect(serviceOrders.map(({ component }) => component).toSorted()).toEqual([
      'access',
      'access',
      'prefix',
      'prefix',
    ]);
    expect(serviceOrders.find(({ component }) => component === 'prefix')).toMatchObject({
      dependsOn: [{ component: 'access' }],
      characteristics: { prefixLength: 29 },
      because: { specification: { id: 'a-site' }, rule: '1', component: 'prefix' },
    });
    const gone = await plan(item('1', 'delete', { id: await live() }));
    expect(gone).toMatchObject({ verdict: 'acceptable', serviceOrders: [], notPlanned: [{ itemId: '1' }] });
    expect(await plan(item('1', 'add', of('nothing')))).toMatchObject({
      verdict: 'rejected',
      faults: [{ itemId: '1' }],
    });
  });

  test('an order is found by its state, its dates, and by what the client says of it', async () => {
    const relatedParty = [{ id: 'finder', role: 'customer', '@referredType': 'Individual' }];
    const said = { externalId: 'find me', category: 'found', relatedParty, requestedStartDate: inAnHour() };
    const order = await client.post(ORDERS, { ...said, productOrderItem: [item('1', 'add', of('a-line'))] });
    await client.until(pathOf(order), inState('pending'));
    for (const query of [
      'externalId=find%20me&state=pending',
      'category=found',
      'relatedParty.id=finder',
      `category=found&orderDate.gte=${encodeURIComponent(String(order.body['orderDate']))}`,
      `requestedStartDate=${encodeURIComponent(said.requestedStartDate)}`,
      'productOrderItem.product.productSpecification.id=a-line&externalId=find%20me',
    ])
      expect([query, (await client.get(`${ORDERS}?${query}`)).list.map(({ id }) => id)]).toEqual([
        query,
        [order.body['id']],
      ]);
    expect((await client.get(`${ORDERS}?category=found&state=completed`)).list).toEqual([]);
  });

  describe('what a product goes through', () => {
    test('entered in any status, and moved to another, spelled as the document does or as we do', async () => {
      for (const status of [...productStatuses, 'aborted ']) {
        const { status: answer, body } = await client.post(PRODUCTS, { name: 'entered', status });
        expect([answer, body['status']]).toEqual([201, status.trim()]);
      }
      for (const status of ['aborted', 'aborted ']) {
        const created = pathOf(await client.post(PRODUCTS, { status: 'created' }));
        const moved = await client.patch(created, { status, name: 'moved' });
        expect([moved.status, moved.body['status'], moved.body['name']]).toEqual([200, 'aborted', 'moved']);
      }
    });

    test('it is found by its status, its party, its serial number and its dates', async () => {
      const startDate = '2026-03-01T12:00:00Z';
      const relatedParty = [{ id: 'found', role: 'customer', '@referredType': 'Individual' }];
      const own = { status: 'suspended', productSerialNumber: 'found', startDate, relatedParty };
      const { body } = await client.post(PRODUCTS, own);
      for (const query of [
        'status=suspended&productSerialNumber=found',
        'relatedParty.id=found',
        `startDate=${encodeURIComponent(startDate)}&sort=-startDate`,
      ])
        expect((await client.get(`${PRODUCTS}?${query}`)).list.map(({ id }) => id)).toEqual([body['id']]);
    });
  });

  describe('every answer', () => {
    const anOrder = { productOrderItem: [item('1', 'noChange', { id: 'p' })] };
    const aProduct = { status: 'created', name: 'n' };
    const paths: Record<string, string> = {};
    beforeAll(async () => {
      paths['delivered'] = `${PRODUCTS}/${await live()}`;
      paths['order'] = await placed(...anOrder.productOrderItem);
      await client.until(paths['order'], inState('completed'));
      paths['product'] = pathOf(await client.post(PRODUCTS, aProduct));
      await system.stop('activator');
      paths['running'] = await placed(item('1', 'modify', { id: idOf(paths['delivered']), status: 'suspended' }));
      await client.until(paths['running'], (order) => states(order)['1'] === 'inProgress');
      paths['cancellable'] = await waitingOrder();
      paths['task'] = pathOf(await cancelled(await waitingOrder()));
      await cancelled(await waitingOrder());
    });
    afterAll(() => system.start('activator'));

    const aTask = { productOrder: { id: '{cancellable}' } };
    const task = (status: number, what: string, order: string): AnswerCase => ({
      ...{ status, method: 'POST', url: CANCELLATIONS, what },
      init: sending({ productOrder: { id: order } }),
    });
    const refused = (url: string, what: string, body: unknown): AnswerCase => ({
      ...{ status: 400, method: 'POST', url, what },
      init: sending(body),
    });
    const ofTasks: AnswerCase[] = [
      ...taskCases(CANCELLATIONS, aTask, {
        ...{
          text: 'cancellationReason',
          date: 'requestedCancellationDate',
          nested: 'productOrder.name',
          state: 'state',
        },
      }),
      task(400, 'no such order', 'none'),
      refused(CANCELLATIONS, 'a reason that is a novel', { ...aTask, cancellationReason: 'x'.repeat(2_001) }),
      refused(CANCELLATIONS, 'a state', { ...aTask, state: 'done' }),
      task(409, 'it is cancelled already', '{cancellable}'),
      task(409, 'it has ended', '{order}'),
      { status: 405, method: 'PATCH', url: '{one}', what: 'a task is not changed', init: sending({}) },
      { status: 405, method: 'DELETE', url: '{one}', what: 'a task is not deleted' },
    ];
    const ordered = (what: string, ...items: JsonObject[]) => refused(ORDERS, what, { productOrderItem: items });
    const ours: AnswerCase[] = [
      refused(ORDERS, 'no items', { productOrderItem: [] }),
      ordered('201 products', item('1', 'add', of('a-line'), { quantity: 201 })),
      ordered('a quantity of what exists', item('1', 'delete', { id: 'p' }, { quantity: 2 })),
      ordered('an id of a new product', item('1', 'add', { id: 'p' })),
      ordered('an item that is partial', item('1', 'add', of('a-line'), { state: 'partial' })),
      ordered('a status that cannot be ordered', item('1', 'modify', { id: 'p', status: 'terminated' })),
      refused(`${ORDERS}?dryRun=maybe`, 'a dry run that is none', anOrder),
      {
        ...{
          status: 400,
          method: 'PATCH',
          url: '{order}?whenStarted=later',
          what: 'a word for late changes that is none',
        },
        init: sending({ description: 'd' }),
      },
      {
        ...{ status: 400, method: 'PATCH', url: '{order}', what: 'its date' },
        init: sending({ orderDate: '2026-01-01T00:00:00Z' }),
      },
      { status: 409, method: 'PATCH', url: '{order}', what: 'a state', init: sending({ state: 'cancelled' }) },
      {
        ...{ status: 409, method: 'PATCH', url: '{order}', what: 'an item more' },
        init: sending({ productOrderItem: [...anOrder.productOrderItem, item('2', 'add', {})] }),
      },
      { status: 409, method: 'DELETE', url: '{running}', what: 'it is running' },
      { status: 204, method: 'DELETE', url: '{order}', what: 'it has ended' },
      { status: 404, method: 'GET', url: '{order}', what: 'it is deleted' },
      refused(PRODUCTS, 'no status', { name: 'n' }),
      refused(PRODUCTS, 'a status that is none', { status: 'degraded' }),
      { status: 400, method: 'PATCH', url: '{product}', what: 'no status left', init: sending({ status: null }) },
      {
        ...{ status: 409, method: 'PATCH', url: '{delivered}', what: 'its status follows from orders' },
        init: sending({ status: 'suspended' }),
      },
      { status: 409, method: 'DELETE', url: '{delivered}', what: 'an order changes it' },
      { status: 204, method: 'DELETE', url: '{product}', what: 'it is only on record' },
      { status: 404, method: 'GET', url: '{product}', what: 'it is deleted' },
    ];
    const about = (cases: readonly AnswerCase[], one: string) =>
      cases.map((each) => ({ ...each, url: each.url.replace('{one}', one) }));
    const cases = [
      ...about(answerCases(ORDERS, anOrder, { date: 'completionDate' }), '{order}'),
      ...about(answerCases(PRODUCTS, aProduct, { state: 'status' }), '{product}'),
      ...about(ofTasks, '{task}'),
      ...ours,
    ];
    /** A body may name what exists, too: its id. */
    const named = (init: RequestInit | undefined): RequestInit => {
      const body = init?.body;
      if (typeof body !== 'string') return init ?? {};
      return { ...init, body: body.replace(/\{(cancellable|order)\}/, (_all, name: string) => idOf(paths[name])) };
    };

    test.each(cases)('$status $method $url: $what', async ({ status, method, url, init }) => {
      const answer = await client.send(
        method,
        url.replace(/^\{(\w+)\}/, (_all, name: string) => paths[name] ?? ''),
        named(init),
      );
      expect(answer).toMatchObject({ status });
      if (status === 405) expect(answer.headers.get('allow')).toContain('GET');
    });

    test('409 for a key that was used with another body', async () => {
      for (const [url, body] of [
        [ORDERS, anOrder],
        [PRODUCTS, aProduct],
      ] as const) {
        const key = { 'idempotency-key': `other body ${url}` };
        expect((await client.post(url, body, key)).status).toBe(201);
        expect((await client.post(url, body, key)).headers.get('idempotency-replayed')).toBe('true');
        expect((await client.post(url, { ...body, description: 'other' }, key)).status).toBe(409);
      }
    });

    test('503 with Retry-After while nobody answers, and while the database is away', async () => {
      await system.stop('projector');
      const impatient = ofGateway(await system.gateway({ COMMAND_WAIT_MS: '50' }));
      const homeless = ofGateway(await system.gateway({ DATABASE_URL: 'postgres://127.0.0.1:1/nothing' }));
      const answers = [
        await impatient.post(PRODUCTS, aProduct),
        await impatient.patch(paths['delivered'] ?? '', { description: 'late' }),
        await impatient.remove(paths['running'] ?? ''),
        await impatient.post(`${ORDERS}?dryRun=true`, anOrder),
        await impatient.post(CANCELLATIONS, { productOrder: { id: idOf(paths['running']) } }),
        await homeless.get(ORDERS),
        await homeless.post(ORDERS, anOrder),
        await homeless.get(PRODUCTS),
      ];
      await system.start('projector');
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
      for (const { headers } of answers) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    });

    test('500 that tells nothing when the failure is ours', async () => {
      const other = await createTestbed();
      const broken = ofGateway(await system.gateway({ DATABASE_URL: other.databaseUrl }));
      await spoilData(system.database(other.databaseUrl), ['productOrder', 'product', 'cancelProductOrder']);
      for (const [url, body] of [
        [ORDERS, anOrder],
        [PRODUCTS, aProduct],
        [CANCELLATIONS, { productOrder: { id: '1' } }],
      ] as const) {
        const changed = () => [broken.patch(`${url}/1`, {}), broken.remove(`${url}/1`)];
        for (const answer of [
          await broken.get(url),
          await broken.get(`${url}/1`),
          await broken.post(url, body),
          ...(url === CANCELLATIONS ? [] : await Promise.all(changed())),
        ]) {
          expect(answer).toMatchObject({ status: 500 });
          expect(JSON.stringify(answer.body)).not.toMatch(/relation|schema|gateway\./);
        }
      }
      await other.close();
    });
  });

  test('what is shown is the same when it is made anew from what the workers hold', async () => {
    const shown = async () => {
      const lists = await Promise.all(
        [ORDERS, CANCELLATIONS, PRODUCTS].map((url) => client.get(`${url}?sort=id&limit=1000`)),
      );
      return lists.map(({ list }) => list);
    };
    const running = 'inProgress,assessingCancellation,pendingCancellation';
    await vi.waitUntil(async () => (await client.get(`${ORDERS}?state=${running}`)).list.length === 0, {
      timeout: 20_000,
    });
    const before = await shown();
    expect(before.map((list) => list.length > 0)).toEqual([true, true, true]);
    await system.rebuildViews();
    expect(await shown()).toEqual(before);
  });

  describe('what was seen, of all there is', () => {
    const missing = (what: (coverage: Coverage) => string[]) =>
      Object.values(documents)
        .flatMap(({ coverage }) => what(coverage))
        .toSorted();

    test('operations: all', () => {
      expect(missing((coverage) => coverage.missingOperations())).toEqual([]);
    });

    test('statuses: all but those that a request of that kind cannot get', () => {
      // There is nobody to authenticate yet (401, 403), and a method the document lists is never refused (405).
      expect(missing((coverage) => coverage.missingStatuses([401, 403, 405]))).toEqual([
        'GET /cancelProductOrder 404',
        'GET /cancelProductOrder 409',
        'GET /cancelProductOrder/{id} 409',
        'GET /product 404',
        'GET /product 409',
        'GET /product/{id} 409',
        'GET /productOrder 404',
        'GET /productOrder 409',
        'GET /productOrder/{id} 409',
      ]);
    });

    test('enum values: all but the one with a blank behind it, which is never given', () => {
      expect(missing((coverage) => coverage.missingEnumValues())).toEqual([
        'ProductStatusType aborted ',
        'ProductStatusType aborted ',
      ]);
    });
  });
});
