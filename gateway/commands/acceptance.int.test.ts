import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { connectDatabase, type Database, isDatabaseFault } from '../../ops/platform/database.ts';
import { send } from '../../contracts/messages/message.ts';
import { acceptServiceOrder } from '../../contracts/messages/service-ordering.ts';
import { newId } from '../../ops/platform/ids.ts';
import { cuttable } from '../../ops/verify/testbed/cuttable.ts';
import { publicationOf } from '../../ops/platform/messaging/envelope.ts';
import { createTestbed, type Testbed } from '../../ops/verify/testbed/testbed.ts';
import { serviceOrderResource as resource } from '../apis/tmf641/descriptor.ts';
import { toTmfError } from '../tmf630/error-mapper.ts';
import { parseQuery } from '../tmf630/query.ts';
import { createViewStore } from '../tmf630/views.store.ts';
import { createAcceptance } from './acceptance.ts';
import type { Submission } from './submit.store.ts';
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

function aSubmission({ text = 'plain', at = now, key }: { text?: string; at?: string; key?: string } = {}): Submission {
  const id = newId();
  const view = {
    ...{ id, description: text, relatedParty: [{ id: 'one' }, { id: 'two' }] },
    ...{ state: 'acknowledged', orderDate: at },
  };
  return {
    ...{ resource, id, text: JSON.stringify(view), columns: columnsOf(resource, view) },
    message: publicationOf(send(acceptServiceOrder, { order: {} as never }), { correlationId: id }),
    key: key === undefined ? undefined : { scope: key, bodyHash: 'hash', response: { id }, waitMs: 0 },
  };
}

const now = '2026-01-02T03:04:05.000Z';

/** What of these creates is stored, by where. */
async function stored(submissions: readonly Submission[]) {
  const ids = submissions.map(({ id }) => id);
  const [row] = await sql`
    select (select count(*)::int from gateway.submitted where id = any(${ids})) as submitted,
           (select count(*)::int from gateway.view where id = any(${ids})) as views,
           (select count(*)::int from platform.message
            where queue = 'service-ordering' and headers ->> 'correlationId' = any(${ids})) as commands`;
  return row;
}

describe('creates that come at once', () => {
  test('are all accepted, in far fewer statements, each kept as it came', async () => {
    const submit = createAcceptance(sql);
    const text = 'quotes " and \\, braces {}, a line\nbreak, \u2028, 円 and an 𝄞';
    const submissions = Array.from({ length: 150 }, () => aSubmission({ text }));
    const [before] = await sql`select pg_current_xact_id()::text::int as at`;
    expect(await Promise.all(submissions.map(submit))).toEqual(submissions.map(() => true));
    const [after] = await sql`select pg_current_xact_id()::text::int as at`;
    expect(after?.['at'] - before?.['at']).toBeLessThan(20);
    expect(await stored(submissions)).toEqual({ submitted: 150, views: 150, commands: 150 });

    const [{ id, text: document }] = submissions as [Submission];
    const [kept] = await sql`
      select s.document, v.doc, v.state, v.party_ids, v.external_id, v.created_at
      from gateway.submitted s join gateway.view v using (resource, id) where s.id = ${id}`;
    expect(kept).toEqual({
      ...{ document: JSON.parse(document), doc: null, created_at: new Date(now) },
      ...{ state: 'acknowledged', party_ids: ['one', 'two'], external_id: null },
    });
    // Written once, and shown from there.
    const shown = { id, revision: 0, doc: JSON.parse(document) as unknown };
    expect(await createViewStore(sql, sql).get(resource, id)).toEqual(shown);
    expect((await createViewStore(sql, sql).list(resource, parseQuery(resource, `id=${id}`))).items).toEqual([shown]);
  });

  test('do not fail for each other', async () => {
    const submit = createAcceptance(sql);
    const submissions = Array.from({ length: 40 }, (_, n) => aSubmission({ at: n % 20 === 7 ? 'no date' : now }));
    const results = await Promise.allSettled(submissions.map(submit));
    expect(results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toEqual([7, 27]);
    expect(results[7]).toMatchObject({ reason: { code: '22007' } });
    expect(await stored(submissions)).toEqual({ submitted: 38, views: 38, commands: 38 });
  });

  test('under one key are one', async () => {
    const submit = createAcceptance(sql);
    const submissions = Array.from({ length: 30 }, () => aSubmission({ key: 'the same' }));
    const accepted = await Promise.all(submissions.map(submit));
    expect(accepted.filter(Boolean)).toHaveLength(1);
    expect(await stored(submissions)).toEqual({ submitted: 1, views: 1, commands: 1 });
    const [row] = await sql`select response from gateway.idempotency where scope = 'the same'`;
    expect(row?.['response']).toEqual({ id: submissions[accepted.indexOf(true)]?.id });
  });

  test('all hear of it when the database is away, and the next ones are accepted when it is back', async () => {
    const away = connectDatabase(testbed.databaseUrl, { connections: 1, role: 'away' });
    const submit = createAcceptance(away);
    const [{ pid }] = (await away`select pg_backend_pid() as pid`) as unknown as [{ pid: number }];
    const holder = await sql.reserve();
    await holder`begin`;
    await holder`lock table gateway.submitted in share mode`;
    const under = [submit(aSubmission())];
    await vi.waitFor(async () => {
      const waits = await sql`select from pg_stat_activity where pid = ${pid} and wait_event_type = 'Lock'`;
      expect(waits.count).toBe(1);
    }, soon);
    under.push(...Array.from({ length: 20 }, () => submit(aSubmission())));
    const results = Promise.allSettled(under);
    await sql`select pg_terminate_backend(${pid})`;
    await holder`rollback`;
    holder.release();
    const [first, ...others] = await results;
    expect(first?.status).toBe('rejected');
    for (const result of [first, ...others])
      if (result?.status === 'rejected') expect(isDatabaseFault(result.reason)).toBe(true);
    await vi.waitFor(async () => expect(await submit(aSubmission())).toBe(true), soon);
    await away.end({ timeout: 5 });
  });

  test('are accepted again when the network to the database has fallen silent', async () => {
    const way = await cuttable(testbed.databaseUrl, 5432);
    const silent = connectDatabase(way.url, { connections: 1, role: 'silent', statementMs: 1_000 });
    onTestFinished(async () => {
      await silent.end({ timeout: 1 });
      await way.close();
    });
    const submit = createAcceptance(silent);
    expect(await submit(aSubmission())).toBe(true);
    way.silence();
    const error: unknown = await submit(aSubmission()).catch((failure: unknown) => failure);
    expect(isDatabaseFault(error)).toBe(true);
    await vi.waitFor(async () => expect(await submit(aSubmission())).toBe(true), soon);
  });

  test('all hear of it at once when the database is too slow for them', async () => {
    const slow = connectDatabase(testbed.databaseUrl, { connections: 1, role: 'slow', statementMs: 300 });
    onTestFinished(() => slow.end({ timeout: 1 }));
    const holder = await sql.reserve();
    await holder`begin`;
    await holder`lock table gateway.submitted in share mode`;
    const submit = createAcceptance(slow);
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => submit(aSubmission())));
    const [first] = results;
    await holder`rollback`;
    holder.release();
    expect(first).toMatchObject({ status: 'rejected', reason: { code: '57014' } });
    // The first was alone in its statement; one was stopped for all others.
    expect(new Set(results.map((result) => (result.status === 'rejected' ? result.reason : undefined))).size).toBe(2);
    expect(toTmfError((first as PromiseRejectedResult).reason)).toMatchObject({ status: 503, code: 'unavailable' });
  });
});

const soon = { timeout: 20_000, interval: 25 };
