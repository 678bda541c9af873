import { setTimeout as sleep } from 'node:timers/promises';
import { type MessageDefinition, command } from '../../../contracts/messages/message.ts';
import { type Database, type Transaction, isDatabaseFault } from '../database.ts';
import type { Log } from '../log.ts';
import { z } from 'zod';
import { type Aggregate, type Decision, type Handler, type Received, onMany } from './handler.ts';
import type { Lane } from './lane.ts';

/** How often due aggregates are looked for; also how late an alarm may ring. */
const lookMs = 500;
const mostAtOnce = 200;
/** An alarm that nobody looked at, for whatever reason, rings again after this long. */
const repeatMs = 10_000;

const due: MessageDefinition<{ id: string }> = command('runtime.due.v1', {
  body: z.object({ id: z.string() }),
  to: '',
  whenGivenUp: 'warn',
});

export interface AlarmOptions<State, Context> {
  readonly of: Aggregate<State>;
  /** Ids of aggregates whose time has come by the database's clock, oldest first. */
  readonly due: (sql: Database, limit: number) => Promise<readonly string[]>;
  /** Read once for all that ring together, beside the aggregates. */
  readonly context?: (tx: Transaction, ids: readonly string[]) => Promise<Context>;
  /**
   * Looks again whether it is due: another replica may have been first. `get` has what the aggregate loads with it.
   */
  readonly decide: (
    state: State | undefined,
    received: Received<{ id: string }>,
    get: (key: string) => State | undefined,
    context: Context,
  ) => Decision<State>;
}

/**
 * Rings for aggregates whose `due_at` has passed: deadlines, retries, leases, everything that awaits an answer. This is
 * what makes a lost message, a lost queue or a lost process harmless.
 */
export function startAlarms<State, Context = undefined>(
  sql: Database,
  lane: Lane,
  log: Log,
  options: AlarmOptions<State, Context>,
): { stop(): Promise<void> } {
  // Rung, when, and not yet looked at: a slow lane is not filled with the same alarms again and again.
  const ringing = new Map<string, number>();
  const { context } = options;
  const handler: Handler = onMany(due, {
    of: options.of,
    keys: (body) => [body.id],
    ...(context === undefined
      ? {}
      : {
          context: (tx: Transaction, bodies: readonly { id: string }[]) =>
            context(
              tx,
              bodies.map(({ id }) => id),
            ),
        }),
    decide: (get, received, loaded: Context) => {
      ringing.delete(received.body.id);
      return options.decide(get(received.body.id), received, get, loaded);
    },
  });
  const abort = new AbortController();

  async function watch(): Promise<void> {
    while (!abort.signal.aborted) {
      try {
        for (const id of await options.due(sql, mostAtOnce)) {
          if (performance.now() - (ringing.get(id) ?? -repeatMs) < repeatMs) continue;
          ringing.set(id, performance.now());
          lane.happened({ kind: 'fact', handler, body: { id }, correlationId: id });
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
  const watching = watch();
  return {
    async stop() {
      abort.abort();
      await watching;
    },
  };
}
