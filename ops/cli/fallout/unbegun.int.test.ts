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

const queue = activatorQueue('broadband');
const idOf = (path: string): string => path.split('/').at(-1) ?? '';
async function lettersOf(order: string): Promise<Letter[]> {
  const letters = await openLetters(testbed.amqpUrl);
  try {
    return (await letters.read(queue)).filter(({ envelope }) => envelope.correlationId === idOf(order));
  } finally {
    await letters.close();
  }
}
const alarmRings = (order: string) =>
  system.sql`update service_ordering.service_order set due_at = now() where id = ${idOf(order)}`;

/** An order whose item the activator gives up before there is an activation, once it is shown to be held. */
async function given(): Promise<{ order: string; body: JsonObject }> {
  await system.sql`
    create trigger refuses before insert on activation.activation for each row execute function refuse()`;
  try {
    const service = {
      serviceSpecification: { id: 'broadband-access' },
      serviceCharacteristic: [{ name: 'downMbps', value: 100 }],
    };
    const order = pathOf(await client.post(ORDERS, { serviceOrderItem: [{ id: 'line', action: 'add', service }] }));
    await vi.waitUntil(async () => (await lettersOf(order)).length > 0, { timeout: 30_000, interval: 100 });
    expect((await client.get(order)).body['state']).toBe('inProgress');
    await alarmRings(order);
    const body = await client.until(order, inState('held'));
    return { order, body };
  } finally {
    await system.sql`drop trigger refuses on activation.activation`;
  }
}
const begins = async (order: string): Promise<number> =>
  (
    await system.sql`
      select from platform.journal
      where consumer = ${queue} and correlation_id = ${idOf(order)}::uuid and type = ${activateItem.name} and attempt = 1`
  ).count;

describe('an item that its activator gave up before it began', () => {
  test('is held with an alert, is not asked for again, and goes on by retry', async () => {
    const { order, body } = await given();
    expect(itemsOf(body)[0]?.['state']).toBe('held');
    expect(body['jeopardyAlert']).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/broadband activator gave up .*the disk is full.*patchbay fallout retry/),
      }),
    ]);
    await alarmRings(order);
    await vi.waitUntil(
      async () =>
        (await system.sql`select from service_ordering.service_order where due_at > now() and id = ${idOf(order)}`)
          .count === 1,
      { timeout: 10_000 },
    );
    expect(await begins(order)).toBe(1);

    expect((await patchbay('list')).out).toMatch(
      new RegExp(`${idOf(order)} .*line .*add broadband .*its beginning .*the disk is full`),
    );
    expect((await patchbay('show', idOf(order))).out).toMatch(/it goes on with retry, or with its letter replayed/);
    const skipped = await patchbay('skip', idOf(order));
    expect([skipped.code === 0, skipped.err]).toEqual([false, expect.stringContaining('has not begun')]);
    const retried = await patchbay('retry', idOf(order), '--reason', 'made room');
    expect(retried).toMatchObject({ code: 0, out: expect.stringContaining('begun again at the broadband activator') });
    const done = await client.until(order, inState('completed'));
    expect(serviceIdsOf(done)).toHaveLength(1);
    expect(await lettersOf(order)).toEqual([]);
    expect((await patchbay('list')).out).toMatch(/nothing is held/);
  });

  test('goes on by replaying its letter', async () => {
    const { order } = await given();
    const [letter] = await lettersOf(order);
    expect((await patchbay('replay', letter?.id ?? '')).code).toBe(0);
    await client.until(order, inState('completed'));
    expect((await system.network.summary()).totals).toMatchObject({ excess: 0 });
  });
});
