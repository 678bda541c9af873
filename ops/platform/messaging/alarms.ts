import { setTimeout as sleep } from 'node:timers/promises';
import { type MessageDefinition, command, send } from '../../../contracts/messages/message.ts';
import { type Database, isDatabaseFault, transaction } from '../database.ts';
import { derivedId } from '../ids.ts';
import type { Log } from '../log.ts';
import { z } from 'zod';
import { type DueRow, type DueRows, leaseDueRows, postponeAlarm } from './alarm.store.ts';
import { causeOf, fallenLetter } from './dead-letter.ts';
import { publicationOf } from './envelope.ts';
import { type Aggregate, type Decision, type Handler, type Received, onMany } from './handler.ts';
import { countCrash } from './inbox.store.ts';
import type { Lane } from './lane.ts';
import { writeLetters } from './letter.store.ts';
import { type RetryPolicy, retryDelay } from './retry.ts';

/** How often due rows are looked for; also how late an alarm may ring. */
const lookMs = 500;
const mostAtOnce = 200;
/**
 * How far apart a failing alarm is tried. As many failures as a message may have, and a letter tells a person of it; the
 * alarm goes on at the slowest pace, since the release that can handle the row may come at any time. Slow enough for
 * thousands of such rows (a release that was rolled back), and quick enough to be waited for.
 */
const pace = { baseMs: 1_000, capMs: 600_000 };

/** Sent by nobody but a person who replays a letter. */
const due: MessageDefinition<{ id: string }> = command('runtime.due.v1', {
  body: z.object({ id: z.string() }),
  to: '',
  whenGivenUp: 'warn',
});

/** What a worker looks at when the time of its rows has come. */
export interface Alarms {
  readonly handler: Handler;
  readonly rows: DueRows;
  readonly atMost: () => number;
}

export interface AlarmOptions<State> {
  readonly of: Aggregate<State>;
  readonly rows: DueRows;
  /** How many may be begun now; a batch of them unless told. */
  readonly atMost?: () => number;
  /**
   * Looks again whether it is due: the row may have been saved since. `get` has what the aggregate loads with it.
   */
  readonly decide: (
    state: State | undefined,
    received: Received<{ id: string }>,
    get: (key: string) => State | undefined,
  ) => Decision<State>;
}

/**
 * Declares what is done with aggregates whose `due_at` has passed: dates, deadlines, leases, backoff, looks at outside systems.
 * Never for an answer that may be lost: a message that was committed arrives.
 */
export function alarmsOf<State>({ of, rows, atMost = () => mostAtOnce, decide }: AlarmOptions<State>): Alarms {
  const handler = onMany(due, {
    of,
    keys: (body) => [body.id],
    decide: (get, received) => decide(get(received.body.id), received, get),
  });
  return { handler, rows, atMost };
}

export interface RingingOptions {
  readonly sql: Database;
  readonly lane: Lane;
  readonly log: Log;
  readonly queue: string;
  /** Named in dead letters. */
  readonly worker: string;
  readonly retry: RetryPolicy;
}

/** Rings until stopped. */
export function startRinging(
  { handler, rows, atMost }: Alarms,
  { sql, lane, log, queue, worker, retry }: RingingOptions,
): { stop(): Promise<void> } {
  const abort = new AbortController();

  async function watch(): Promise<void> {
    while (!abort.signal.aborted) {
      try {
        for (const row of await leaseDueRows(sql, rows, Math.min(mostAtOnce, atMost()))) {
          const { id } = row;
          const failed = (error: unknown): Promise<void> => onFailure(row, error);
          lane.happened({ kind: 'fact', handler, body: { id }, correlationId: id, failed });
        }
      } catch (error) {
        log.warn(
          { error },
          isDatabaseFault(error) ? 'cannot look for alarms, database away' : 'cannot look for alarms',
        );
      }
      await sleep(lookMs, undefined, { signal: abort.signal }).catch(() => undefined);
    }
  }

  /** Counts, puts off, and at the last of the tries tells a person: all or nothing, so there is one letter. */
  async function onFailure(row: DueRow, error: unknown): Promise<void> {
    try {
      await transaction(sql, async (tx) => {
        const failures = await countCrash(tx, queue, {
          messageId: derivedId('alarm', rows.table, row.id, row.dueAt),
          attempt: 1,
        });
        const delay = retryDelay({ ...pace, attempts: retry.attempts }, failures, Math.random());
        await postponeAlarm(tx, rows, row, delay === 'exhausted' ? pace.capMs : delay);
        if (failures !== retry.attempts) return;
        log.error({ id: row.id, table: rows.table, failures, error }, 'alarm dead-lettered');
        await writeLetters(tx, [letterOf(row, error)]);
      });
    } catch (unrecorded) {
      log.warn({ id: row.id, error: unrecorded }, 'could not record that an alarm failed; its lease brings it again');
    }
  }

  function letterOf({ id }: DueRow, error: unknown) {
    const { errorMessage, ...cause } = causeOf(error);
    const again = `Its alarm failed ${retry.attempts} times and is tried every ${pace.capMs / 60_000} minutes.`;
    return fallenLetter(publicationOf(send(due, { id }), { correlationId: id }), {
      ...{ queue, worker, now: new Date() },
      cause: { errorCode: 'alarmFailed', ...cause, errorMessage: `${again} ${errorMessage}` },
    });
  }

  const watching = watch();
  return {
    async stop() {
      abort.abort();
      await watching;
    },
  };
}
