import type { Database } from './database.ts';
import { callBody, type LateCall } from './exchange.ts';

/** setTimeout counts in a signed 32-bit number; anything later fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls that were cut off and take effect afterwards. They are on record, so they do even if the simulator is killed. */
export function lateCalls({ sql, atomically }: Database, now: () => number) {
  const timers = new Map<number, NodeJS.Timeout>();
  let take: ((late: LateCall) => void) | undefined;

  function schedule(late: LateCall): void {
    const due = () => {
      timers.delete(late.seq);
      atomically(() => {
        sql.run`delete from late where seq = ${late.seq}`;
        take?.(late);
      });
    };
    timers.set(late.seq, setTimeout(due, Math.min(Math.max(0, late.dueAt - now()), LONGEST_TIMER_MS)));
  }

  return {
    /** Schedules what an earlier run left behind, and from now on hands each due call to `handler`. */
    start(handler: (late: LateCall) => void): void {
      take = handler;
      for (const row of sql.all`select seq, due_at, manager, operation, call from late order by seq`)
        schedule({
          seq: Number(row['seq']),
          dueAt: Number(row['due_at']),
          manager: String(row['manager']),
          operation: String(row['operation']),
          call: callBody.parse(JSON.parse(String(row['call']))),
        });
    },

    /** Keeps a call until it is due. Belongs into the transaction that writes its ledger row. */
    postpone(late: LateCall): void {
      sql.run`insert into late (seq, due_at, manager, operation, call)
              values (${late.seq}, ${late.dueAt}, ${late.manager}, ${late.operation}, ${JSON.stringify(late.call)})`;
      schedule(late);
    },

    pending: (): number => timers.size,

    /** Stops the timers; what is pending stays on record for the next start. */
    stop(): void {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },

    forget(): void {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      sql.run`delete from late`;
    },
  };
}
