import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { acceptProductOrder } from '../../contracts/messages/order-management.ts';
import { acceptServiceOrder } from '../../contracts/messages/service-ordering.ts';
import { send } from '../../contracts/messages/message.ts';
import type { JsonObject } from '../../contracts/tmf/common.ts';
import { productOrderCreate } from '../../contracts/tmf/tmf622.ts';
import { serviceOrderCreate } from '../../contracts/tmf/tmf641.ts';
import { connectDatabase, transaction, type Database } from '../../ops/platform/database.ts';
import { publicationOf } from '../../ops/platform/messaging/envelope.ts';
import { newId } from '../../ops/platform/ids.ts';
import { createLog } from '../../ops/platform/log.ts';
import { insertOutbox } from '../../ops/platform/messaging/outbox.store.ts';
import { createTestbed, type Testbed } from '../../ops/verify/testbed/testbed.ts';
import { productOrderResource } from '../apis/tmf622/descriptor.ts';
import { acknowledged as acknowledgedProducts, toRequest as toProducts } from '../apis/tmf622/translate.ts';
import { serviceOrderResource as resource } from '../apis/tmf641/descriptor.ts';
import { acknowledged, toRequest } from '../apis/tmf641/translate.ts';
import type { ResourceDescriptor } from '../tmf630/descriptor.ts';
import { leaseUnanswered } from './expectation.store.ts';
import { startExpectations } from './expectations.ts';
import { type Submission, submitAll } from '../commands/submit.store.ts';
import { columnsOf } from '../tmf630/view-row.ts';

let testbed: Testbed;
let sql: Database;
beforeAll(async () => {
  testbed = await createTestbed();
  sql = connectDatabase(testbed.databaseUrl, { connections: 4, role: 'test' });
});
afterAll(async () => {
  await sql.end({ timeout: 5 });
  await testbed.close();
});
afterEach(async () => void (await sql`truncate gateway.view, gateway.submitted, platform.outbox`));

const now = new Date('2026-01-02T03:04:05.678Z');

const submission = (of: ResourceDescriptor, id: string, view: JsonObject): Submission => ({
  ...{ resource: of, id, text: JSON.stringify(view), columns: columnsOf(of, view) },
  ...{ messageId: newId(), key: undefined },
});

/** Accepts an order as the gateway does, and loses its command as a gateway that dies does. */
async function acceptedAndLost() {
  const id = newId();
  const document = serviceOrderCreate.parse({
    externalId: 'mine',
    serviceOrderItem: [
      {
        id: '1',
        action: 'add',
        service: { serviceSpecification: { id: 's' }, serviceCharacteristic: [{ name: 'a', value: 1 }] },
      },
    ],
  });
  const command = send(acceptServiceOrder, { order: toRequest(document, id, now) });
  const message = publicationOf(command, { correlationId: id });
  await submitAll(sql, [submission(resource, id, acknowledged(document, id, now))]);
  return { id, message };
}

/** The same with a product order. */
async function productsAcceptedAndLost() {
  const id = newId();
  const document = productOrderCreate.parse({
    externalId: 'mine',
    productOrderItem: [
      {
        id: '1',
        action: 'add',
        quantity: 2,
        product: { productSpecification: { id: 's' }, productCharacteristic: [{ name: 'a', value: 1 }] },
        productOrderItem: [{ id: '2', action: 'add' }],
      },
    ],
  });
  const command = send(acceptProductOrder, { order: toProducts(document, id, now) });
  const message = publicationOf(command, { correlationId: id });
  await submitAll(sql, [submission(productOrderResource, id, acknowledgedProducts(document, id, now))]);
  return { id, message };
}
const lease = () => transaction(sql, (tx) => leaseUnanswered(tx, [resource.name], [acceptServiceOrder.name], 10));
const due = (id: string) => sql`update gateway.view set ask_again_at = now() where id = ${id}`;

describe('a create that is not answered', () => {
  test.each([
    ['a service order', acceptedAndLost],
    ['a product order', productsAcceptedAndLost],
  ])('is asked for again with the very command it was accepted with: %s', async (_, lost) => {
    const { id, message } = await lost();
    await due(id);
    const expectations = startExpectations(
      sql,
      { publishing: () => true, committed: () => undefined, promised: () => undefined, stop: () => Promise.resolve() },
      createLog('test', 'silent'),
    );
    const sent = await vi.waitUntil(
      async () => (await sql`select message_id, type, routing_key, body from platform.outbox`)[0],
      { timeout: 10_000 },
    );
    await expectations.stop();
    expect(sent).toMatchObject({ type: message.type, routing_key: message.routingKey });
    expect(JSON.parse(String(sent['body']))).toEqual(JSON.parse(message.body));
    // The same message again would be known, and not answered.
    expect(sent['message_id']).not.toBe(message.id);
  });

  test('is left alone until it should have been answered', async () => {
    await acceptedAndLost();
    expect(await lease()).toEqual([]);
  });

  test('is asked for by one process, and then not for a while that grows', async () => {
    const { id } = await acceptedAndLost();
    await due(id);
    const leased = await Promise.all([lease(), lease()]);
    expect(leased.flat().map((one) => one.id)).toEqual([id]);
    const pause = async () =>
      (await sql<{ s: number }[]>`select extract(epoch from ask_again_at - now())::float8 as s from gateway.view`)[0]
        ?.s ?? 0;
    expect(Math.round(await pause())).toBe(30);
    await sql`update gateway.submitted set created_at = now() - interval '3 minutes'`;
    await due(id);
    await lease();
    expect(Math.round(await pause())).toBe(180);
  });

  test('is not asked for while commands of the kind wait for the broker', async () => {
    const { id, message } = await acceptedAndLost();
    await due(id);
    await insertOutbox(sql, [message]);
    await sql`update platform.outbox set created_at = now() - interval '1 minute'`;
    expect(await lease()).toEqual([]);
  });
});

test('a create that was answered is never asked for again', async () => {
  const { id } = await acceptedAndLost();
  await sql`update gateway.view set revision = 1, doc = '{}'`;
  await due(id);
  expect(await lease()).toEqual([]);
});
