import postgres from 'postgres';
import { withoutPassword } from '../../run/bootstrap/external.ts';
import { noQueueText } from '../../platform/messaging/message.store.ts';
import { pendingMigrations } from '../../run/migrations/migrate.ts';
import { findingsOf, type Finding } from './finding.ts';

const { fine, wrong } = findingsOf('database');
/** The sweeper takes rows over 2 s old; a minute later something keeps it from publishing. */
const lateSeconds = 60;

/** Reachable, migrated, and nothing stuck on its way out. */
export async function checkDatabase(url: string): Promise<Finding[]> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    const [server] = await sql<{ version: string }[]>`select current_setting('server_version') as version`;
    const pending = await pendingMigrations(url);
    return [
      fine('PostgreSQL', `${server?.version ?? 'unknown version'} at ${withoutPassword(url)}`),
      pending.length === 0
        ? fine('migrations', 'all applied')
        : wrong('migrations', `missing: ${pending.join(', ')}`, 'restart with npm start, which applies them'),
      ...(await checkOutbox(sql)),
    ];
  } catch (error) {
    const detail = `${withoutPassword(url)}: ${(error as Error).message || (error as { code?: string }).code}`;
    return [
      wrong(
        'PostgreSQL',
        detail,
        'look at postgres.log in the log folder, then npm start; with DATABASE_URL, at that server',
      ),
    ];
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function checkOutbox(sql: postgres.Sql): Promise<Finding[]> {
  const [known] = await sql<{ known: boolean }[]>`select to_regclass('platform.message') is not null as known`;
  if (!known?.known) return [];
  const [counted] = await sql<{ unroutable: number; unreadable: number; late: number }[]>`
    select count(*) filter (where return_text = ${noQueueText})::int as unroutable,
           count(*) filter (where return_text <> ${noQueueText})::int as unreadable,
           count(*) filter (where returned_at is null and due_at < now() - make_interval(secs => ${lateSeconds}))::int as late
      from platform.message`;
  const { unroutable = 0, unreadable = 0, late = 0 } = counted ?? {};
  return [
    unroutable === 0
      ? fine('unroutable messages', 'none')
      : wrong(
          'unroutable messages',
          `${unroutable} in platform.message have no queue`,
          'a queue or binding is missing: restart the fleet, which declares them; the rows are sent again by themselves',
        ),
    unreadable === 0
      ? fine('unreadable messages', 'none')
      : wrong(
          'unreadable messages',
          `${unreadable} in platform.message cannot be read; return_text says why`,
          'a newer release wrote them: start it again, and they are sent by themselves; else mend or delete the rows',
        ),
    late === 0
      ? fine('outbox', 'nothing waits')
      : wrong(
          'outbox',
          `${late} messages wait for over ${lateSeconds} s`,
          'the broker does not take them: see the broker findings and the logs of the roles',
        ),
  ];
}
