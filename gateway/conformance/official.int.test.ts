/**
 * The official contract, whole: every operation we serve, every status that can be provoked and every enum value that
 * can be reached, on a running system, each answer held against the document of its API. What a request of its kind cannot
 * get is listed at the end, by name.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { JsonObject } from '../../contracts/tmf/common.ts';
import { specsFolder } from '../../ops/verify/testbed/specs-folder.ts';
import { type Ask, sampleOrder, startSystem, type System } from '../../ops/verify/testbed/system.ts';
import { createTestbed, type Testbed } from '../../ops/verify/testbed/testbed.ts';
import {
  CANCELLATIONS,
  conformingClient,
  officialDocuments,
  ORDERS,
  SERVICES,
  type ConformingClient,
} from './conforming-client.ts';
import { answerCases, sending, taskCases, type AnswerCase } from './answer-cases.ts';
import type { Conformance } from './conformance.ts';
import type { Coverage } from './coverage.ts';
import { inState, itemsOf, pathOf, serviceIdsOf } from './reading.ts';
import { describeWithSpecs } from './specs.ts';
import { spoilData } from './spoiled-data.fixture.ts';

describeWithSpecs(specsFolder(), 'TMF641 and TMF638 as served', (readSpec) => {
  let testbed: Testbed;
  let system: System;
  let documents: Readonly<Record<string, Conformance>>;
  let client: ConformingClient;
  const ofGateway = (ask: Ask) => conformingClient(ask, documents);

  beforeAll(async () => {
    testbed = await createTestbed();
    system = await startSystem(testbed);
    await system.listen();
    documents = officialDocuments(readSpec);
    client = ofGateway(system.request);
  });
  afterAll(async () => {
    await system?.close();
    await testbed?.close();
  });

  const line = (service: JsonObject = {}) => ({
    serviceSpecification: { id: 'broadband-access' },
    serviceCharacteristic: [{ name: 'downMbps', value: 100 }],
    ...service,
  });
  const prefix = {
    serviceSpecification: { id: 'ip-prefix' },
    serviceCharacteristic: [{ name: 'prefixLength', value: 29 }],
  };
  const item = (id: string, action: string, service: JsonObject, dependsOn: readonly string[] = []) => ({
    id,
    action,
    service,
    serviceOrderItemRelationship: dependsOn.map((itemId) => ({ relationshipType: 'dependsOn', orderItem: { itemId } })),
  });
  const placed = async (...items: JsonObject[]): Promise<string> => {
    const { status, body } = await client.post(ORDERS, { serviceOrderItem: items });
    expect(status).toBe(201);
    return `${ORDERS}/${String(body['id'])}`;
  };
  const idOf = (path: string | undefined) => path?.split('/').at(-1) ?? '';
  const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
  /** An order that waits for its date. */
  const waitingOrder = async (...items: JsonObject[]): Promise<string> => {
    const { headers } = await client.post(ORDERS, { requestedStartDate: inAnHour(), serviceOrderItem: items });
    await client.until(pathOf({ headers }), inState('pending'));
    return pathOf({ headers });
  };
  const cancelled = (order: string, more: JsonObject = {}) =>
    client.post(CANCELLATIONS, { ...more, serviceOrder: { id: idOf(order) } });
  const states = (order: JsonObject) => Object.fromEntries(itemsOf(order).map((one) => [one['id'], one['state']]));
  /** A line that is live, by the id of its service. */
  const liveLine = async (): Promise<string> => {
    const order = await client.until(await placed(item('line', 'add', line())), inState('completed'));
    return serviceIdsOf(order).join();
  };

  describe('what an order and its items go through', () => {
    test('acknowledged, then completed', async () => {
      const { status, body } = await client.post(ORDERS, await sampleOrder('business-internet'));
      expect([status, body['state'], states(body)]).toEqual([
        201,
        'acknowledged',
        { access: 'acknowledged', addresses: 'acknowledged', router: 'acknowledged' },
      ]);
      const order = await client.until(`${ORDERS}/${String(body['id'])}`, inState('completed'));
      expect(states(order)).toEqual({ access: 'completed', addresses: 'completed', router: 'completed' });
      expect(order).toMatchObject({ startDate: expect.any(String), completionDate: expect.any(String) });
    });

    test('rejected, with the reason at the order and at the item', async () => {
      const order = await client.until(
        await placed(item('1', 'add', line({ serviceSpecification: { id: 'nothing' } }))),
        inState('rejected'),
      );
      expect(order).toMatchObject({
        errorMessage: [{ code: 'unknownSpecification', reason: expect.stringContaining('nothing') }],
        serviceOrderItem: [{ state: 'rejected', errorMessage: [{ code: 'unknownSpecification' }] }],
      });
    });

    test('inProgress, with an item pending while another order changes its service; modify and noChange', async () => {
      const [service, other] = [await liveLine(), await liveLine()];
      const faster = (value: number) => ({ id: service, serviceCharacteristic: [{ name: 'downMbps', value }] });
      await system.stop('activator');
      const first = await placed(item('faster', 'modify', faster(200)), item('same', 'noChange', { id: other }));
      const running = await client.until(first, (order) => states(order)['faster'] === 'inProgress');
      expect([running['state'], states(running)['same']]).toEqual(['inProgress', 'completed']);

      const second = await placed(item('fastest', 'modify', faster(300)));
      const waiting = await client.until(second, (order) => states(order)['fastest'] === 'pending');
      expect(itemsOf(waiting)[0]?.['errorMessage']).toMatchObject([{ code: 'serviceBusy' }]);
      await system.start('activator');
      await Promise.all([first, second].map((order) => client.until(order, inState('completed'))));
      const { body } = await client.get(`${SERVICES}/${service}`);
      expect(body['serviceCharacteristic']).toContainEqual(expect.objectContaining({ name: 'downMbps', value: 300 }));
    });

    test('held when the network refuses to take a line down; goes on by an operator’s word', async () => {
      const service = await liveLine();
      await system.network.add([{ id: 'stuck', manager: 'olt', operation: 'clear', kind: 'refuse' }]);
      const order = await placed(item('gone', 'delete', { id: service }));
      const held = await client.until(order, inState('held'));
      expect(states(held)).toEqual({ gone: 'held' });
      expect(held).toMatchObject({ jeopardyAlert: [{ serviceOrderItem: [{ itemId: 'gone' }] }] });
      expect((await client.remove(order)).status).toBe(409);
      await system.network.remove('stuck');
      await system.settleFallout(order.split('/').at(-1) ?? '', 'retry');
      await client.until(order, inState('completed'));
      expect((await client.get(`${SERVICES}/${service}`)).body).toMatchObject({ state: 'terminated' });
    });

    test('pending until its date; cancelled before it, the task accepted until its own, or done at once', async () => {
      const order = await waitingOrder(item('1', 'add', line()));
      const done = await cancelled(order);
      expect([done.status, done.body]).toMatchObject([
        201,
        { state: 'done', effectiveCancellationDate: expect.any(String), completionMessage: expect.any(String) },
      ]);
      expect(await client.until(order, inState('cancelled'))).toMatchObject({
        ...{ cancellationDate: expect.any(String), serviceOrderItem: [{ state: 'cancelled' }] },
      });
      const other = await waitingOrder(item('1', 'add', line()));
      const later = await cancelled(other, { requestedCancellationDate: inAnHour() });
      expect([later.status, later.body['state']]).toEqual([201, 'accepted']);
      expect((await client.get(other)).body['state']).toBe('pending');
    });

    test('assessingCancellation until its activator has said whether it can be taken back', async () => {
      await system.stop('activator');
      const order = await placed(item('line', 'add', line()));
      await client.until(order, (one) => states(one)['line'] === 'inProgress');
      const { status, headers, body } = await cancelled(order);
      expect([status, body['state']]).toEqual([201, 'accepted']);
      const assessed = await client.until(order, inState('assessingCancellation'));
      expect(states(assessed)).toEqual({ line: 'assessingCancellation' });
      await system.start('activator');
      await client.until(pathOf({ headers }), inState('done'));
    });

    test('pendingCancellation while it is taken back, the task inProgress', async () => {
      await system.network.add([
        { id: 'busy', manager: 'ipam', operation: 'allocate', kind: 'throttle', params: { retryAfterSeconds: 600 } },
        { id: 'slow', manager: 'olt', operation: 'clear', kind: 'latency', params: { ms: 4_000 } },
      ]);
      const order = await placed(item('line', 'add', line()), item('prefix', 'add', prefix, ['line']));
      await client.until(order, (one) => states(one)['prefix'] === 'inProgress');
      const task = pathOf(await cancelled(order));
      const going = await client.until(order, (one) => states(one)['prefix'] === 'cancelled');
      expect([going['state'], states(going)['line']]).toEqual(['pendingCancellation', 'pendingCancellation']);
      expect((await client.get(task)).body['state']).toBe('inProgress');
      await client.until(task, inState('done'));
      await Promise.all(['busy', 'slow'].map((id) => system.network.remove(id)));
    });

    test('completed although its cancellation was asked for: too late, the task terminatedWithError', async () => {
      const service = await liveLine();
      await system.network.add([
        { id: 'slow', manager: 'olt', operation: 'release', kind: 'latency', params: { ms: 4_000 } },
      ]);
      const order = await placed(item('gone', 'delete', { id: service }));
      await expect
        .poll(async () => (await system.network.summary()).references, { timeout: 10_000 })
        .toContainEqual(expect.objectContaining({ serviceRef: service, operation: 'clear' }));
      const task = pathOf(await cancelled(order));
      expect(await client.until(task, inState('terminatedWithError'))).toMatchObject({
        errorMessage: { code: 'pointOfNoReturn' },
      });
      await client.until(order, inState('completed'));
      await system.network.remove('slow');
    });

    test('pending while an outside operator works on it; partial, the item too, without what was optional', async () => {
      await system.network.pace({ afterMs: null });
      await system.network.add([{ manager: 'metro', operation: 'monitor', kind: 'refuse', count: 1 }]);
      const port = {
        serviceSpecification: { id: 'ethernet-access' },
        serviceCharacteristic: [
          { name: 'site', value: 'SITE-1' },
          { name: 'bandwidthMbps', value: 100 },
        ],
      };
      const order = await placed(item('port', 'add', port));
      const waiting = await client.until(order, inState('pending'));
      expect(states(waiting)).toEqual({ port: 'pending' });
      expect(waiting['note']).toMatchObject([{ id: 'waiting-port', text: expect.stringContaining('partner') }]);
      await system.network.deliver();
      const partial = await client.until(order, inState('partial'));
      expect(states(partial)).toEqual({ port: 'partial' });
      expect((await client.get(`${SERVICES}/${serviceIdsOf(partial).join()}`)).body).toMatchObject({
        ...{ state: 'active', operatingStatus: 'degraded', missingStep: ['enable-monitoring'] },
      });
    });

    test('failed, its dependent item cancelled; partial, when another item came about', async () => {
      const refuseOne = () =>
        system.network.add([
          { manager: 'olt', operation: 'reserve', kind: 'refuse', count: 1, params: { code: 'full' } },
        ]);
      await refuseOne();
      const failed = await client.until(
        await placed(item('line', 'add', line()), item('prefix', 'add', prefix, ['line'])),
        inState('failed'),
      );
      expect(states(failed)).toEqual({ line: 'failed', prefix: 'cancelled' });
      expect(failed).toMatchObject({ errorMessage: [{ code: 'full' }] });

      await refuseOne();
      const partial = await client.until(
        await placed(item('line', 'add', line()), item('prefix', 'add', prefix)),
        inState('partial'),
      );
      expect(states(partial)).toEqual({ line: 'failed', prefix: 'completed' });
    });
  });

  describe('what a service goes through', () => {
    const serviceStates = ['feasibilityChecked', 'designed', 'reserved', 'inactive', 'active', 'terminated'];

    test('entered in any state, moved to any other', async () => {
      for (const [at, state] of serviceStates.entries()) {
        const { status, headers, body } = await client.post(SERVICES, { ...line(), state });
        expect([status, body['state']]).toEqual([201, state]);
        const next = serviceStates[(at + 1) % serviceStates.length];
        const moved = await client.patch(pathOf({ headers }), { state: next });
        expect([moved.status, moved.body['state']]).toEqual([200, next]);
      }
    });

    test('an ordered service whose state the client names shows it in the order alone', async () => {
      const named = serviceStates.map((state, at) => item(String(at), 'noChange', { id: `s-${at}`, state }));
      const order = await client.until(await placed(...named), inState('completed'));
      expect(itemsOf(order).map(({ service }) => service['state'])).toEqual(serviceStates);
    });

    test('it knows which orders made it, and those a client names', async () => {
      const { status, body } = await client.post(SERVICES, {
        ...line(),
        state: 'active',
        serviceOrderItem: ['add', 'modify', 'delete', 'noChange'].map((itemAction, at) => ({
          serviceOrderId: 'elsewhere',
          itemId: String(at),
          itemAction,
        })),
      });
      expect([status, (body['serviceOrderItem'] as JsonObject[]).length]).toEqual([201, 4]);
    });
  });

  describe('every answer', () => {
    const anOrder = { serviceOrderItem: [item('1', 'noChange', { id: 's' })] };
    const aService = { ...line(), state: 'designed' };
    const paths: Record<string, string> = {};
    beforeAll(async () => {
      paths['deployed'] = `${SERVICES}/${await liveLine()}`;
      paths['order'] = await placed(...anOrder.serviceOrderItem);
      await client.until(paths['order'], inState('completed'));
      const { headers } = await client.post(SERVICES, aService);
      paths['service'] = pathOf({ headers });
      await system.stop('activator');
      paths['running'] = await placed(item('1', 'add', line()));
      await client.until(paths['running'], inState('inProgress'));
      paths['cancellable'] = await waitingOrder(item('1', 'add', line()));
      paths['task'] = pathOf(await cancelled(await waitingOrder(item('1', 'add', line()))));
      await cancelled(await waitingOrder(item('1', 'add', line())));
    });
    afterAll(() => system.start('activator'));

    const aTask = { serviceOrder: { id: '{cancellable}' } };
    const task = (status: number, what: string, order: string): AnswerCase => ({
      ...{ status, method: 'POST', url: CANCELLATIONS, what },
      init: sending({ serviceOrder: { id: order } }),
    });
    const ofTasks: AnswerCase[] = [
      ...taskCases(CANCELLATIONS, aTask, {
        ...{
          text: 'cancellationReason',
          date: 'requestedCancellationDate',
          nested: 'serviceOrder.name',
          state: 'state',
        },
      }),
      task(400, 'no such order', 'none'),
      {
        ...{ status: 400, method: 'POST', url: CANCELLATIONS, what: 'a reason that is a novel' },
        init: sending({ ...aTask, cancellationReason: 'x'.repeat(2_001) }),
      },
      task(409, 'it is cancelled already', '{cancellable}'),
      task(409, 'it has ended', '{order}'),
      {
        ...{ status: 400, method: 'POST', url: CANCELLATIONS, what: 'a state' },
        init: sending({ ...aTask, state: 'done' }),
      },
      { status: 405, method: 'PATCH', url: '{one}', what: 'a task is not changed', init: sending({}) },
      { status: 405, method: 'DELETE', url: '{one}', what: 'a task is not deleted' },
    ];
    const ours: AnswerCase[] = [
      {
        status: 400,
        method: 'PATCH',
        url: '{order}',
        what: 'a date of ours',
        init: sending({ orderDate: '2026-01-01T00:00:00Z' }),
      },
      { status: 409, method: 'PATCH', url: '{order}', what: 'a state', init: sending({ state: 'cancelled' }) },
      { status: 409, method: 'DELETE', url: '{running}', what: 'it is running' },
      { status: 204, method: 'DELETE', url: '{order}', what: 'it has ended' },
      { status: 404, method: 'GET', url: '{order}', what: 'it is deleted' },
      { status: 400, method: 'POST', url: SERVICES, what: 'no state', init: sending(line()) },
      { status: 400, method: 'POST', url: SERVICES, what: 'no specification', init: sending({ state: 'active' }) },
      {
        status: 400,
        method: 'POST',
        url: SERVICES,
        what: 'a state that is none',
        init: sending({ ...line(), state: 'suspended' }),
      },
      {
        status: 400,
        method: 'PATCH',
        url: '{service}',
        what: 'its date',
        init: sending({ serviceDate: '2026-01-01' }),
      },
      { status: 409, method: 'DELETE', url: '{deployed}', what: 'it is on the network' },
      { status: 204, method: 'DELETE', url: '{service}', what: 'it is only on record' },
      { status: 404, method: 'GET', url: '{service}', what: 'it is deleted' },
    ];
    const of = (cases: readonly AnswerCase[], one: string) =>
      cases.map((each) => ({ ...each, url: each.url.replace('{one}', one) }));
    const cases = [
      ...of(answerCases(ORDERS, anOrder), '{order}'),
      ...of(answerCases(SERVICES, aService), '{service}'),
      ...of(ofTasks, '{task}'),
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

    test('409 for a service that an order is changing', async () => {
      const { body } = await client.get(paths['running'] ?? '');
      const busy = `${SERVICES}/${serviceIdsOf(body).join()}`;
      for (const answer of [await client.patch(busy, { name: 'n' }), await client.remove(busy)])
        expect([answer.status, answer.body['code']]).toEqual([409, 'serviceBusy']);
    });

    test('409 for a key that was used with another body', async () => {
      for (const [url, body] of [
        [ORDERS, anOrder],
        [SERVICES, aService],
      ] as const) {
        const key = { 'idempotency-key': `other body ${url}` };
        expect((await client.post(url, body, key)).status).toBe(201);
        expect((await client.post(url, { ...body, name: 'other' }, key)).status).toBe(409);
      }
    });

    test('503 with Retry-After while nobody answers, and while the database is away', async () => {
      await system.stop('service-ordering', 'service-inventory');
      const impatient = ofGateway(await system.gateway({ COMMAND_WAIT_MS: '50' }));
      const homeless = ofGateway(await system.gateway({ DATABASE_URL: 'postgres://127.0.0.1:1/nothing' }));
      const answers = [
        await impatient.post(SERVICES, aService),
        await impatient.patch(paths['deployed'] ?? '', { description: 'late' }),
        await impatient.remove(paths['running'] ?? ''),
        await impatient.post(CANCELLATIONS, { serviceOrder: { id: idOf(paths['running']) } }),
        await homeless.get(ORDERS),
        await homeless.post(ORDERS, anOrder),
      ];
      await system.start('service-ordering', 'service-inventory');
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503, 503]);
      for (const { headers } of answers) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    });

    test('500 that tells nothing when the failure is ours', async () => {
      const other = await createTestbed();
      const broken = ofGateway(await system.gateway({ DATABASE_URL: other.databaseUrl }));
      await spoilData(system.database(other.databaseUrl), ['serviceOrder', 'service', 'cancelServiceOrder']);
      for (const [url, body] of [
        [ORDERS, anOrder],
        [SERVICES, aService],
        [CANCELLATIONS, { serviceOrder: { id: '1' } }],
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

  test.each([
    ['tmf641', ORDERS, 'completed'],
    ['tmf638', SERVICES, 'active'],
  ])(
    'the body that the published document of %s offers to try is accepted, and comes about',
    async (api, url, state) => {
      const document = await readDocument(await system.request(`/openapi/${api}.json`));
      const offered = document.paths[`/${url.split('/').at(-1)}`]?.post.requestBody.content['application/json'].example;
      const { status, headers } = await client.post(url, offered);
      expect(status).toBe(201);
      await client.until(pathOf({ headers }), inState(state));
    },
  );

  describe('what was seen, of all there is', () => {
    const missing = (of: (coverage: Coverage) => string[]) =>
      Object.values(documents)
        .flatMap(({ coverage }) => of(coverage))
        .toSorted();

    test('operations: all', () => {
      expect(missing((coverage) => coverage.missingOperations())).toEqual([]);
    });

    test('statuses: all but those that a request of that kind cannot get', () => {
      // There is nobody to authenticate yet (401, 403), and a method the document lists is never refused (405).
      expect(missing((coverage) => coverage.missingStatuses([401, 403, 405]))).toEqual([
        'GET /cancelServiceOrder 404',
        'GET /cancelServiceOrder 409',
        'GET /cancelServiceOrder/{id} 409',
        'GET /service 404',
        'GET /service 409',
        'GET /service/{id} 409',
        'GET /serviceOrder 404',
        'GET /serviceOrder 409',
        'GET /serviceOrder/{id} 409',
      ]);
    });

    test('enum values: all', () => {
      expect(missing((coverage) => coverage.missingEnumValues())).toEqual([]);
    });
  });
});

interface Document {
  paths: { [path: string]: { post: { requestBody: { content: { 'application/json': { example: JsonObject } } } } } };
}
const readDocument = async (response: Response): Promise<Document> => (await response.json()) as Document;
