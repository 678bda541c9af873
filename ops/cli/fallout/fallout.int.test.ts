import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runStep, settleStep } from '../../../contracts/messages/activation.ts';
import type { JsonObject } from '../../../contracts/tmf/common.ts';
import { activatorControlQueue, activatorQueue } from '../../../contracts/topology.ts';
import {
  CANCELLATIONS,
  type ConformingClient,
  conformingClient,
  officialDocuments,
  ORDERS,
  SERVICES,
} from '../../../gateway/conformance/conforming-client.ts';
import { itemsOf, pathOf, serviceIdsOf } from '../../../gateway/conformance/reading.ts';
import { specsIn } from '../../../gateway/conformance/specs.ts';
import { connectBroker } from '../../platform/broker/connection.ts';
import { type Letter, openLetters } from '../../platform/broker/letters.ts';
import { createLog } from '../../platform/log.ts';
import { specsFolder } from '../../verify/testbed/specs-folder.ts';
import { type System, startSystem } from '../../verify/testbed/system.ts';
import { type Testbed, createTestbed } from '../../verify/testbed/testbed.ts';
import { readFallout, settleFallout } from './fallout.store.ts';

const folder = specsFolder();
/** Retries run out with the engine's own patience, which a busy machine and a breaker make longer. */
const patience = { timeout: 240_000, interval: 100 };
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 });

let testbed: Testbed;
let system: System;
let client: ConformingClient;
let scratch: string;

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `patchbay fallout …` as a person would. */
const patchbay = (...args: string[]): Promise<Said> =>
  new Promise((resolve) => {
    const environment = {
      ...process.env,
      DATABASE_URL: testbed.databaseUrl,
      AMQP_URL: testbed.amqpUrl,
      PATCHBAY_HOME: scratch,
    };
    execFile(
      process.execPath,
      [join(import.meta.dirname, '../main.ts'), 'fallout', ...args],
      { env: environment, timeout: 120_000 },
      (error, out, err) =>
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err }),
    );
  });

const idOf = (path: string): string => path.split('/').at(-1) ?? '';
const item = (action: string, service: JsonObject) => ({ id: '1', action, service });
const line = {
  serviceSpecification: { id: 'broadband-access' },
  serviceCharacteristic: [{ name: 'downMbps', value: 100 }],
};
const ethernet = (site: string): JsonObject => ({
  serviceSpecification: { id: 'ethernet-access' },
  serviceCharacteristic: [
    { name: 'site', value: site },
    { name: 'bandwidthMbps', value: 100 },
    { name: 'vlan', value: 10 },
  ],
});
const place = async (...items: JsonObject[]): Promise<string> =>
  pathOf(await client.post(ORDERS, { serviceOrderItem: items }));
const until = (order: string, state: string): Promise<JsonObject> =>
  vi.waitUntil(async () => {
    const { body } = await client.get(order);
    return body['state'] === state ? body : undefined;
  }, patience);
const throttle = (id: string, manager: string, operation: string) =>
  system.network.add([{ id, manager, operation, kind: 'throttle', params: { retryAfterSeconds: 0 } }]);
const auditOf = (order: string) => system.sql<
  { verb: string; actor: string; reason: string | null; subject: JsonObject }[]
>`
  select verb, actor, reason, subject from platform.audit where subject ->> 'orderId' = ${idOf(order)} order by at, id`;
const heldBy = async (service: string): Promise<string[]> =>
  Object.entries(await system.network.holdings()).flatMap(([name, of]) => (of[service] === undefined ? [] : [name]));
const characteristicsOf = async (service: string): Promise<Record<string, unknown>> => {
  const { body } = await client.get(`${SERVICES}/${service}`);
  const listed = (body['serviceCharacteristic'] ?? []) as { name: string; value: unknown }[];
  return Object.fromEntries(listed.map(({ name, value }) => [name, value]));
};
/** Nothing was done twice, however often somebody asked for it. */
const expectNothingTwice = async (): Promise<void> => {
  expect((await system.network.summary()).totals).toMatchObject({ excess: 0 });
};

/** The letters about an order that lie in a queue's dead letters. */
async function lettersOf(order: string, queue: string): Promise<Letter[]> {
  const letters = await openLetters(testbed.amqpUrl);
  try {
    return (await letters.read(queue)).filter(({ envelope }) => envelope.correlationId === idOf(order));
  } finally {
    await letters.close();
  }
}
/** The relay brings a letter a moment after the order says that it is held. */
const theLetter = (order: string, queue: string): Promise<Letter> =>
  vi.waitUntil(async () => (await lettersOf(order, queue)).at(-1), patience);

/** Moves an order's letters by AMQP alone, as the management interface does: properties and headers as they are. */
async function moveByHand(order: string, queue: string, edit = (body: JsonObject): JsonObject => body, times = 1) {
  const connection = await connectBroker(testbed.amqpUrl, 'a hand', createLog('test', 'silent'));
  try {
    const channel = await connection.createConfirmChannel();
    for (;;) {
      const letter = await channel.get(`${queue}.dead`);
      if (letter === false) break;
      if (letter.properties.correlationId !== idOf(order)) continue;
      const body = Buffer.from(JSON.stringify(edit(JSON.parse(letter.content.toString()) as JsonObject)));
      for (let time = 0; time < times; time += 1) channel.sendToQueue(queue, body, letter.properties);
      await channel.waitForConfirms();
      channel.ack(letter);
    }
    await channel.close();
  } finally {
    await connection.close();
  }
}

/** Everything this queue was sent is handled. */
const quiet = (queue: string): Promise<void> =>
  vi.waitFor(async () => {
    const connection = await connectBroker(testbed.amqpUrl, 'a look', createLog('test', 'silent'));
    try {
      const channel = await connection.createChannel();
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
      const handled = await system.sql`select 1 from platform.message where due_at <= now() limit 1`;
      expect(handled).toHaveLength(0);
    } finally {
      await connection.close();
    }
  }, patience);

const broadband = activatorQueue('broadband');
const addressing = activatorQueue('ip-addressing');
const access = activatorQueue('ethernet-access');

/** Orders that are held: some because a platform never had time for a step, some because it refused to take a line away. */
const held = {
  moved: '',
  edited: '',
  corrected: '',
  failed: '',
  skipped: '',
  retried: '',
  waited: '',
  replayed: '',
  cancelled: '',
};

beforeAll(async () => {
  [testbed, scratch] = await Promise.all([createTestbed(), mkdtemp(join(tmpdir(), 'fallout-'))]);
  system = await startSystem(testbed);
  client = conformingClient(system.request, folder === undefined ? {} : officialDocuments(specsIn(folder)));
  await system.listen();

  const names = ['skipped', 'retried', 'waited', 'replayed', 'cancelled'] as const;
  const lines = await Promise.all(names.map(() => place(item('add', line))));
  const services = await Promise.all(lines.map(async (order) => serviceIdsOf(await until(order, 'completed')).join()));
  await system.network.add([{ id: 'kept', manager: 'olt', operation: 'clear', kind: 'refuse' }]);
  for (const [at, name] of names.entries()) {
    held[name] = await place(item('delete', { id: services[at] ?? '' }));
    await until(held[name], 'held');
  }
  await system.network.remove('kept');

  await throttle('metro', 'metro', 'connect');
  held.edited = await place(item('add', ethernet('site-1')));
  await vi.waitUntil(
    async () => (await system.network.summary()).references.some(({ manager }) => manager === 'metro'),
    patience,
  );
  await Promise.all([
    throttle('partner', 'partner', 'provide'),
    throttle('olt', 'olt', 'configure'),
    throttle('ipam', 'ipam', 'update'),
  ]);
  held.corrected = await place(item('add', ethernet('site-2')));
  held.moved = await place(item('add', line));
  held.failed = await place(
    item('add', {
      serviceSpecification: { id: 'ip-prefix' },
      serviceCharacteristic: [
        { name: 'prefixLength', value: 29 },
        { name: 'reverseDns', value: 'a.example.net' },
      ],
    }),
  );
  for (const order of [held.edited, held.corrected, held.moved, held.failed]) await until(order, 'held');
  for (const id of ['metro', 'partner', 'olt', 'ipam']) await system.network.remove(id);
});
afterAll(async () => {
  await system?.close();
  await testbed?.close();
  await rm(scratch, { recursive: true, force: true });
});

describe('an order whose step ran out of retries', () => {
  test('says that it is held, at which step and why, to whoever ordered and to whoever operates', async () => {
    const { body } = await client.get(held.moved);
    const words = 'Item "1" is held at step configure-line on olt: turned away under load (429)';
    expect(body).toMatchObject({
      state: 'held',
      jeopardyAlert: [{ jeopardyType: 'fallout', message: words, serviceOrderItem: [{ itemId: '1' }] }],
      serviceOrderItem: [
        { state: 'held', errorMessage: [{ code: 'platformNotReached', message: 'turned away under load (429)' }] },
      ],
    });
    const [list, listed, shown, detailed, nothing] = await Promise.all([
      patchbay('list'),
      patchbay('list', '--json'),
      patchbay('show', idOf(held.moved)),
      patchbay('show', idOf(held.moved), '--json'),
      patchbay('show', 'nobody'),
    ]);
    for (const order of Object.values(held)) expect(list.out).toContain(idOf(order));
    expect(list.out).toMatch(/configure-line .* turned away under load/);
    const found: unknown = JSON.parse(listed.out);
    expect(found).toHaveLength(Object.keys(held).length);
    expect(found).toContainEqual(
      expect.objectContaining({ orderId: idOf(held.moved), requested: expect.objectContaining({ downMbps: 100 }) }),
    );
    expect(shown.out).toMatch(/asked for: .*downMbps=100/);
    expect(shown.out).toContain(words);
    expect(shown.out).toMatch(/call: notReached, turned away under load/);
    expect(JSON.parse(detailed.out)).toMatchObject([
      { words: ['the order is held, its item held', expect.any(String)], audit: [] },
    ]);
    expect(nothing).toMatchObject({ code: 1, out: '', err: expect.stringContaining('Nothing of nobody is held') });
    expect([list, listed, shown, detailed].map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  });

  test('goes on when its letter is moved back by hand, once, however often it is moved', async () => {
    await theLetter(held.moved, broadband);
    await moveByHand(held.moved, broadband, undefined, 2);
    const [service = ''] = serviceIdsOf(await until(held.moved, 'completed'));
    expect(await lettersOf(held.moved, broadband)).toEqual([]);
    expect(await heldBy(service)).toEqual(['olt']);
    await expectNothingTwice();
  });

  test('goes on with what its edited letter says, and stays held for a letter that cannot be', async () => {
    await theLetter(held.edited, access);
    const asking = (values: JsonObject) => (body: JsonObject) => ({
      ...body,
      requested: { ...(body['requested'] as JsonObject), ...values },
    });
    await moveByHand(held.edited, access, asking({ bandwidthMbps: 500 }));
    const refused = await theLetter(held.edited, access);
    expect(refused).toMatchObject({
      code: 'alreadyLanded',
      type: runStep.name,
      reason: expect.stringContaining('order-port'),
    });
    expect((await client.get(held.edited)).body['state']).toBe('held');
    await moveByHand(held.edited, access, asking({ bandwidthMbps: 100, vlan: 20 }));
    const [service = ''] = serviceIdsOf(await until(held.edited, 'completed'));
    expect(await characteristicsOf(service)).toMatchObject({ bandwidthMbps: 100, vlan: 20 });
    expect((await system.network.holdings())['metro']?.[service]).toMatchObject({ vlan: 20 });
    expect(await lettersOf(held.edited, access)).toEqual([]);
  });

  test('goes on with what a retry puts right, and hears before it is sent what cannot be', async () => {
    await theLetter(held.corrected, access);
    const wrong = await patchbay('retry', idOf(held.corrected), '--set', 'bandwidthMbps=much');
    expect(wrong).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/cannot take these characteristics: bandwidthMbps/),
    });
    expect(await auditOf(held.corrected)).toEqual([]);
    // Somebody else's refused correction lies there too.
    const before = await theLetter(held.corrected, access);
    await moveByHand(held.corrected, access, (body) => ({
      ...body,
      requested: { site: 'site-2', bandwidthMbps: 'much' },
    }));
    const refused = await theLetter(held.corrected, access);
    expect([refused.id, refused.code]).toEqual([before.id, 'invalidCharacteristic']);
    const [one] = await readFallout(system.sql, idOf(held.corrected));
    if (one === undefined) throw new Error('nothing is held');
    await settleFallout(system.sql, one, { verb: 'retry', actor: 'another', reason: undefined, requested: {} });
    expect(await theLetter(held.corrected, activatorControlQueue('ethernet-access'))).toMatchObject({
      type: settleStep.name,
      code: 'invalidCharacteristic',
    });

    const retry = await patchbay(
      ...[
        'retry',
        idOf(held.corrected),
        '--set',
        'bandwidthMbps=200',
        'site=42',
        '--reason',
        'a typing error',
        '--json',
      ],
    );
    expect(retry.code).toBe(0);
    expect(JSON.parse(retry.out)).toMatchObject({
      verb: 'retry',
      taken: true,
      letters: 2,
      requested: { bandwidthMbps: 200 },
    });
    const [service = ''] = serviceIdsOf(await until(held.corrected, 'completed'));
    expect(await characteristicsOf(service)).toMatchObject({ bandwidthMbps: 200, site: '42', vlan: 10 });
    expect((await system.network.holdings())['partner']?.[service]).toMatchObject({ bandwidthMbps: 200 });
    expect(await lettersOf(held.corrected, access)).toEqual([]);
    expect(await lettersOf(held.corrected, activatorControlQueue('ethernet-access'))).toEqual([]);
    expect(await auditOf(held.corrected)).toMatchObject([
      { verb: 'fallout retry', actor: 'another' },
      {
        verb: 'fallout retry',
        reason: 'a typing error',
        subject: { requested: { site: '42', bandwidthMbps: 200, vlan: 10 } },
      },
    ]);
  });

  test('is given up by fail: what landed is taken back, and nothing is left on the network', async () => {
    await theLetter(held.failed, addressing);
    const [service = ''] = serviceIdsOf((await client.get(held.failed)).body);
    expect(await heldBy(service)).toEqual(['ipam']);
    const said = await patchbay('fail', idOf(held.failed), '--item', '1');
    expect(said).toMatchObject({ code: 0, out: expect.stringContaining('fail: item 1 of order'), err: '' });
    const failed = await until(held.failed, 'failed');
    expect(itemsOf(failed)).toMatchObject([{ state: 'failed', errorMessage: [{ code: 'platformNotReached' }] }]);
    expect(await heldBy(service)).toEqual([]);
    expect(await lettersOf(held.failed, addressing)).toEqual([]);
    expect(await auditOf(held.failed)).toMatchObject([{ verb: 'fallout fail', actor: expect.stringMatching(/./) }]);
    expect(await patchbay('fail', idOf(held.failed))).toMatchObject({ code: 1 });
  });
});

describe('an order whose step its platform will not do', () => {
  test('leaves the step out by skip, and does the rest', async () => {
    await theLetter(held.skipped, broadband);
    const said = await patchbay('skip', idOf(held.skipped), '--reason', 'cleared on site', '--json');
    expect(said.code).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({ verb: 'skip', taken: true, letters: 1 });
    const [service = ''] = serviceIdsOf(await until(held.skipped, 'completed'));
    const { references } = await system.network.summary();
    const effects = references.filter(({ serviceRef, effects: done }) => serviceRef === service && done > 0);
    expect(effects.map(({ operation }) => operation)).toEqual(['reserve', 'configure', 'release']);
    expect(await auditOf(held.skipped)).toMatchObject([{ verb: 'fallout skip', reason: 'cleared on site' }]);
    expect(await lettersOf(held.skipped, broadband)).toEqual([]);
  });

  test('goes on by retry, and its letter, replayed all the same, changes nothing any more', async () => {
    const copy = await theLetter(held.retried, broadband);
    expect(await patchbay('retry', idOf(held.retried))).toMatchObject({ code: 0, err: '' });
    const [service = ''] = serviceIdsOf(await until(held.retried, 'completed'));
    expect(await lettersOf(held.retried, broadband)).toEqual([]);
    const before =
      await system.sql`select * from activation.activation where doc -> 'command' ->> 'serviceId' = ${service}`;
    const connection = await connectBroker(testbed.amqpUrl, 'a hand', createLog('test', 'silent'));
    const channel = await connection.createConfirmChannel();
    channel.sendToQueue(broadband, Buffer.from(copy.body), {
      messageId: copy.id,
      type: copy.type ?? '',
      headers: { patchbay: JSON.stringify(copy.envelope) },
    });
    await channel.waitForConfirms();
    await connection.close();
    await vi.waitUntil(
      async () => (await system.sql`select 1 from platform.inbox where message_id = ${copy.id}`).length > 0,
      patience,
    );
    expect(
      await system.sql`select * from activation.activation where doc -> 'command' ->> 'serviceId' = ${service}`,
    ).toEqual(before);
    expect(await lettersOf(held.retried, broadband)).toEqual([]);
    await expectNothingTwice();
  });

  test('keeps its letter until the activator has taken the word that settles it', async () => {
    const letter = await theLetter(held.waited, broadband);
    await system.stop('activator');
    const said = await patchbay('retry', idOf(held.waited), '--json');
    expect(said.code).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({ taken: false, letters: 0 });
    expect(await lettersOf(held.waited, broadband)).toMatchObject([{ id: letter.id }]);
    await system.start('activator');
    await until(held.waited, 'completed');
    expect(await patchbay('replay', letter.id)).toMatchObject({
      code: 0,
      out: expect.stringContaining('changes nothing'),
    });
    expect(await lettersOf(held.waited, broadband)).toEqual([]);
  });

  test('goes on when its letter is replayed by its id; what the letter is about cannot be edited', async () => {
    const letter = await theLetter(held.replayed, broadband);
    // One after the other: letters are not there for others while one looks at them.
    const table = await patchbay('letters', `${broadband}.dead`);
    const body = await patchbay('letter', letter.id, '--body');
    expect(table.out).toMatch(new RegExp(`${letter.id}  ${broadband}  ${runStep.name}  ${idOf(held.replayed)}`));
    const edited = join(scratch, 'edited.json');
    const content = JSON.parse(body.out) as JsonObject;
    for (const [change, complaint] of [
      [{ position: 1 }, /cannot be edited \(position\)/],
      [{ direction: 'sideways' }, /direction/],
    ] as const) {
      await writeFile(edited, JSON.stringify({ ...content, ...change }));
      const refused = await patchbay('replay', letter.id, '--edit', edited);
      expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringMatching(complaint) });
    }
    expect(await lettersOf(held.replayed, broadband)).toHaveLength(1);

    await writeFile(edited, body.out);
    const replayed = await patchbay('replay', letter.id, '--edit', edited, '--reason', 'the port is free now');
    expect(replayed).toMatchObject({ code: 0, out: expect.stringContaining(`back in ${broadband}`) });
    await until(held.replayed, 'completed');
    expect(await lettersOf(held.replayed, broadband)).toEqual([]);
    expect(await auditOf(held.replayed)).toMatchObject([
      { verb: 'letter replay edited', reason: 'the port is free now' },
    ]);
    expect(await patchbay('replay', letter.id)).toMatchObject({
      code: 1,
      err: expect.stringContaining('no dead letter'),
    });
  });

  test('needs nobody once it is cancelled: its letter is void, and replaying it does nothing', async () => {
    const letter = await theLetter(held.cancelled, broadband);
    const [service = ''] = serviceIdsOf((await client.get(held.cancelled)).body);
    await client.post(CANCELLATIONS, { serviceOrder: { id: idOf(held.cancelled) } });
    await until(held.cancelled, 'cancelled');
    const { calls } = (await system.network.summary()).totals;
    const replayed = await patchbay('replay', letter.id, '--json');
    expect(JSON.parse(replayed.out)).toMatchObject({ end: 'replayed', void: true });
    await vi.waitUntil(
      async () => (await system.sql`select 1 from platform.inbox where message_id = ${letter.id}`).length > 0,
      patience,
    );
    await quiet(broadband);
    expect((await client.get(held.cancelled)).body['state']).toBe('cancelled');
    expect((await system.network.summary()).totals.calls).toBe(calls);
    expect((await client.get(`${SERVICES}/${service}`)).body['state']).toBe('active');
  });
});

test('a letter nobody can read is listed, and discarded with its reason', async () => {
  const connection = await connectBroker(testbed.amqpUrl, 'a stranger', createLog('test', 'silent'));
  const channel = await connection.createConfirmChannel();
  channel.sendToQueue(activatorControlQueue('broadband'), Buffer.from('not JSON'), { type: settleStep.name });
  await channel.waitForConfirms();
  await connection.close();
  const letters = await vi.waitUntil(async () => {
    const { out } = await patchbay('letters', activatorControlQueue('broadband'), '--json');
    const found = JSON.parse(out) as Letter[];
    return found.length > 0 && found;
  }, patience);
  expect(letters).toMatchObject([{ code: 'noMessageId', type: settleStep.name, body: 'not JSON', attempts: 1 }]);
  const id = letters[0]?.id ?? '';
  expect((await patchbay('discard', id)).code).toBe(1);
  expect(await patchbay('discard', id, '--reason', 'a stranger’s')).toMatchObject({ code: 0 });
  const { out } = await patchbay('letters', activatorControlQueue('broadband'));
  expect(out.trim()).toBe('no dead letters');
  expect(await system.sql`select verb, reason from platform.audit where subject ->> 'messageId' = ${id}`).toMatchObject(
    [{ verb: 'letter discard', reason: 'a stranger’s' }],
  );
});
