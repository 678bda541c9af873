import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../ops/platform/database.ts';
import type { Log } from '../../ops/platform/log.ts';
import { type CommandOutcome, readOutcomes } from './outcome.store.ts';

/** Waits for outcomes of commands: rows that the projector writes with the view, so that no answer is ahead of its view. */
export interface Outcomes {
  /** The outcome, or undefined when it does not come within `waitMs`. */
  wait(commandId: string, waitMs: number): Promise<CommandOutcome | undefined>;
}

/** One statement for all who wait; short enough not to be felt, long enough not to be a load. */
const pollMs = 10;

export function createOutcomes(sql: Database, log: Log): Outcomes {
  const waiting = new Map<string, (outcome: CommandOutcome | undefined) => void>();
  let polling = false;

  async function poll(): Promise<void> {
    if (polling) return;
    polling = true;
    while (waiting.size > 0) {
      try {
        for (const outcome of await readOutcomes(sql, [...waiting.keys()])) waiting.get(outcome.commandId)?.(outcome);
      } catch (error) {
        log.warn({ error }, 'cannot look for outcomes of commands');
        await sleep(200);
      }
      await sleep(pollMs);
    }
    polling = false;
  }

  return {
    wait(commandId, waitMs) {
      return new Promise((resolve) => {
        const settle = (outcome: CommandOutcome | undefined): void => {
          clearTimeout(timer);
          waiting.delete(commandId);
          resolve(outcome);
        };
        const timer = setTimeout(settle, waitMs, undefined);
        waiting.set(commandId, settle);
        void poll();
      });
    },
  };
}
