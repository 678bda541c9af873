import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { send } from '../../contracts/messages/message.ts';
import { serviceSpecification, serviceSpecificationPublished } from '../../contracts/messages/service-catalog.ts';
import { type Database, connectDatabase } from '../platform/database.ts';
import { publicationOf } from '../platform/envelope.ts';
import { newId } from '../platform/ids.ts';
import { insertOutbox } from '../platform/outbox/outbox.store.ts';

const patienceMs = 30_000;

/**
 * Publishes the sample service specifications, as a service catalog would, into a system that knows none; then waits
 * until service ordering has them.
 *
 * @returns how many specifications were published; 0 for a system that has its own
 */
export async function loadSamples(databaseUrl: string): Promise<number> {
  const sql = connectDatabase(databaseUrl, { connections: 2, role: 'samples' });
  try {
    if ((await known(sql)) > 0) return 0;
    const file = new URL('service-specifications.json', import.meta.url);
    const specifications = z.array(serviceSpecification).parse(JSON.parse(await readFile(file, 'utf8')));
    await insertOutbox(
      sql,
      specifications.map((specification) =>
        publicationOf(send(serviceSpecificationPublished, { specification }), { correlationId: newId() }),
      ),
    );
    const deadline = Date.now() + patienceMs;
    while ((await known(sql)) < specifications.length) {
      if (Date.now() > deadline)
        throw new Error('Service ordering did not take the sample specifications; look at its log.');
      await sleep(100);
    }
    return specifications.length;
  } finally {
    await sql.end();
  }
}

async function known(sql: Database): Promise<number> {
  const [row] = await sql<
    { count: number }[]
  >`select count(*)::int as count from service_ordering.service_specification`;
  return row?.count ?? 0;
}
