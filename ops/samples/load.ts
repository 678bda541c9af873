import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { send } from '../../contracts/messages/message.ts';
import { serviceSpecification, serviceSpecificationPublished } from '../../contracts/messages/service-catalog.ts';
import { type Database, connectDatabase } from '../platform/database.ts';
import { publicationOf } from '../platform/messaging/envelope.ts';
import { newId } from '../platform/ids.ts';
import { insertDue } from '../platform/messaging/message.store.ts';
import { Sentence } from '../run/bootstrap/sentence.ts';
import { loadRules } from './rules.ts';

const patienceMs = 30_000;

/**
 * Publishes the samples that a system does not know yet: service specifications, as a service catalog would, decomposition
 * rules and recovery policies; then waits until their owners have them.
 *
 * @param owners the roles that run: what nobody would take is not published
 * @returns how many specifications were published; 0 for a system that knows others alone, because it has its own
 */
export async function loadSamples(
  databaseUrl: string,
  owners: readonly string[] = ['service-ordering', 'order-management'],
): Promise<number> {
  const sql = connectDatabase(databaseUrl, { connections: 2, role: 'samples' });
  try {
    const [specifications] = await Promise.all([
      owners.includes('service-ordering') ? loadSpecifications(sql) : 0,
      owners.includes('order-management') ? loadRules(sql, patienceMs) : 0,
    ]);
    return specifications;
  } finally {
    await sql.end();
  }
}

async function loadSpecifications(sql: Database): Promise<number> {
  const file = new URL('service-specifications.json', import.meta.url);
  const samples = z.array(serviceSpecification).parse(JSON.parse(await readFile(file, 'utf8')));
  const before = await known(sql);
  const specifications = samples.filter((one) => !before.has(keyOf(one)));
  if (before.size > 0 && specifications.length === samples.length) return 0;
  if (specifications.length === 0) return 0;
  await insertDue(
    sql,
    specifications.map((specification) =>
      publicationOf(send(serviceSpecificationPublished, { specification }), { correlationId: newId() }),
    ),
  );
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const now = await known(sql);
    if (specifications.every((one) => now.has(keyOf(one)))) break;
    if (Date.now() > deadline)
      throw new Sentence('Service ordering did not take the sample specifications: look at its log, then start again.');
    await sleep(100);
  }
  return specifications.length;
}

const keyOf = ({ id, version }: { id: string; version: string }): string => JSON.stringify([id, version]);

async function known(sql: Database): Promise<Set<string>> {
  const rows = await sql<
    { id: string; version: string }[]
  >`select id, version from service_ordering.service_specification`;
  return new Set(rows.map(keyOf));
}
