import { setTimeout as sleep } from 'node:timers/promises';
import type { Outgoing } from '../../../contracts/messages/message.ts';
import { type Database, isDatabaseFault, transaction } from '../../../ops/platform/database.ts';
import { publicationOf } from '../../../ops/platform/envelope.ts';
import type { Log } from '../../../ops/platform/log.ts';
import { insertOutbox } from '../../../ops/platform/outbox/outbox.store.ts';
import type { Relay } from '../../../ops/platform/outbox/relay.ts';
import type { Aggregate } from '../handler.ts';
import { type AggregateTable, noteStanding, takeUnseen } from './herald.store.ts';

/** What settles is noted this often; a lost event is said again within about three times this and the ten seconds of settling. */
const lookMs = 5_000;
/** Pages are noted this fast while there are more. */
const pageMs = 200;
const mostAtOnce = 200;

export interface HeraldOptions<State> {
  /** Under which name its readers show it. */
  readonly resource: string;
  readonly table: AggregateTable;
  readonly of: Pick<Aggregate<State>, 'load'>;
  /** The event that shows an aggregate as it is. */
  readonly changed: (state: State) => Outgoing;
}

/**
 * Sees to it that the newest event of every aggregate arrives, though the broker lost it. What stopped changing is noted, by id
 * and revision; who shows it compares; what is not shown at that revision is said again. Notes and requests are rows, not
 * messages: what makes up for lost messages must not be lost with them (decision 007).
 */
export function startHerald<State>(
  { sql, relay, log }: { sql: Database; relay: Relay; log: Log },
  { resource, table, of, changed }: HeraldOptions<State>,
): { stop(): Promise<void> } {
  const abort = new AbortController();

  async function sayAgain(): Promise<void> {
    const publications = await transaction(sql, async (tx) => {
      const ids = await takeUnseen(tx, resource, mostAtOnce);
      if (ids.length === 0) return [];
      const states = await of.load(tx, ids);
      const said = [...states].map(([id, state]) => publicationOf(changed(state), { correlationId: id }));
      await insertOutbox(tx, said);
      return said;
    });
    relay.committed(publications);
    if (publications.length > 0)
      log.warn({ resource, events: publications.length }, 'events did not arrive: said again');
  }

  async function look(): Promise<number> {
    try {
      await sayAgain();
      const page = await transaction(sql, (tx) => noteStanding(tx, resource, table));
      return page?.isFull === true ? pageMs : lookMs;
    } catch (error) {
      log.warn(
        { error },
        isDatabaseFault(error) ? 'cannot note what stands, database away' : 'cannot note what stands',
      );
      return lookMs;
    }
  }

  async function watch(): Promise<void> {
    while (!abort.signal.aborted) {
      await sleep(await look(), undefined, { signal: abort.signal }).catch(() => undefined);
    }
  }
  const watching = watch();
  return {
    async stop() {
      abort.abort();
      await watching;
    },
  };
}
