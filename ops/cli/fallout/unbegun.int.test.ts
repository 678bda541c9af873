import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { activateItem } from '../../../contracts/messages/activation.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';
import { activatorQueue } from '../../../contracts/topology.ts';
import { conformingClient, ORDERS } from '../../../gateway/conformance/conforming-client.ts';
import { inState, itemsOf, pathOf, serviceIdsOf } from '../../../gateway/conformance/reading.ts';
import { type Letter, openLetters } from '../../platform/broker/letters.ts';
import { type System, startSystem } from '../../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let testbed: Testbed;
let system: System;
let scratch: string;
let client: ReturnType<typeof conformingClient>;

beforeAll(async () => {
  [testbed, scratch] = await Promise.all([createTestbed(), mkdtemp(join(tmpdir(), 'unbegun-'))]);
  system = await startSystem(testbed);
  client = conformingClient(system.request, {});
  await system.sql`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'the disk is full' using errcode = '23514'; end $$`;
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
  await rm(scratch, { recursive: true, force: true });
});

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
/** Runs `patchbay fallout …` as a person would. */
const patchbay = (...args: string[]): Promise<Said> =>
  new Promise((resolve) => {
    const { databaseUrl: DATABASE_URL, amqpUrl: AMQP_URL } = testbed;
    execFile(
      process.execPath,
      [join(import.meta.dirname, '../main.ts'), 'fallout', ...args],
      { env: { ...process.env, DATABASE_URL, AMQP_URL, PATCHBAY_HOME: scratch }, timeout: 60_000 },
      (error, out, err) =>
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err }),
    );
  });

const idOf = (path: string): string => path.split('/').at(-1) ?? '';
async function lettersOf(order: string, queue = activatorQueue('broadband')): Promise<Letter[]> {
  const letters = await openLetters(testbed.amqpUrl);
  try {
    return (await letters.read(queue)).filter(({ envelope }) => envelope.correlationId === idOf(order));
  } finally {
    await letters.close();
  }
}

/** An order that is shown to be held: what would write into this table is given up. */
async function given(table: string): Promise<{ order: string; body: JsonObject }> {
  await system.sql`create trigger refuses before insert on ${system.sql(table)} for each row execute function refuse()`;
  try {
    const service = {
      serviceSpecification: { id: 'broadband-access' },
      serviceCharacteristic: [{ name: 'downMbps', value: 100 }],
    };
    const order = pathOf(await client.post(ORDERS, { serviceOrderItem: [{ id: 'line', action: 'add', service }] }));
    const body = await client.until(order, inState('held'));
    return { order, body };
  } finally {
    await system.sql`drop trigger refuses on ${system.sql(table)}`;
  }
}
const openLettersOf = async (order: string): Promise<number> =>
  (await system.sql`select from platform.letter where correlation_id = ${idOf(order)} and ended_at is null`).count;
const begins = async (order: string): Promise<number> =>
  (
    await system.sql`
      select from platform.journal
      where consumer = ${activatorQueue('broadband')} and correlation_id = ${idOf(order)}::uuid and type = ${activateItem.name} and attempt = 1`
  ).count;

describe('an item that its activator gave up before it began', () => {
  test('is held with an alert, is not asked for again, and goes on by retry', async () => {
    const { order, body } = await given('activation.activation');
    expect(itemsOf(body)[0]?.['state']).toBe('held');
    expect(body['jeopardyAlert']).toContainEqual(
      expect.objectContaining({
        message: expect.stringMatching(/broadband activator gave up .*the disk is full.*patchbay fallout retry/),
      }),
    );
    expect(await begins(order)).toBe(1);

    expect((await patchbay('list')).out).toMatch(
      new RegExp(`${idOf(order)} .*line .*add broadband .*its beginning .*the disk is full`),
    );
    expect((await patchbay('show', idOf(order))).out).toMatch(/it goes on with retry, or with its letter replayed/);
    const skipped = await patchbay('skip', idOf(order));
    expect([skipped.code === 0, skipped.err]).toEqual([false, expect.stringContaining('there is no step to skip')]);
    const retried = await patchbay('retry', idOf(order), '--reason', 'made room');
    expect(retried).toMatchObject({ code: 0, out: expect.stringContaining('begun again') });
    const done = await client.until(order, inState('completed'));
    expect(serviceIdsOf(done)).toHaveLength(1);
    expect([await lettersOf(order), await openLettersOf(order)]).toEqual([[], 0]);
    expect((await patchbay('list')).out).toMatch(/nothing is held/);
  });

  test('goes on by replaying its letter', async () => {
    const { order } = await given('activation.activation');
    const [letter] = await lettersOf(order);
    expect((await patchbay('replay', letter?.id ?? '')).code).toBe(0);
    await client.until(order, inState('completed'));
    expect((await system.network.summary()).totals).toMatchObject({ excess: 0 });
  });
});

test('an order whose claim was given up is held, and goes on by retry', async () => {
  const { order, body } = await given('service_inventory.service');
  expect(body['jeopardyAlert']).toContainEqual(
    expect.objectContaining({
      message: expect.stringMatching(/the inventory gave up the claim .*the disk is full.*patchbay fallout retry/),
    }),
  );
  expect(await openLettersOf(order)).toBe(1);
  expect((await patchbay('show', idOf(order))).out).toMatch(/patchbay fallout letters service-inventory/);
  const retried = await patchbay('retry', idOf(order));
  expect(retried).toMatchObject({ code: 0, out: expect.stringContaining('its service claimed again') });
  const done = await client.until(order, inState('completed'));
  expect(done['jeopardyAlert'] ?? []).toEqual([]);
  expect([await lettersOf(order, 'service-inventory'), await openLettersOf(order)]).toEqual([[], 0]);
});
