import { setImmediate as turn } from 'node:timers/promises';
import { type Database, isDatabaseFault, isTooSlow } from '../../ops/platform/database.ts';
import { type Submission, submitAll } from './submit.store.ts';

/**
 * Creates that share a statement at most. With all 64 connections of a busy client in one, gateway and database wait for each other in
 * turn; with half of them one works while the other does. Fewer cost database and broker more for each.
 */
const mostAtOnce = 32;

interface Waiting {
  readonly submission: Submission;
  readonly resolve: (accepted: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Accepts creates: whatever comes while one statement runs shares the next. Nothing waits for a batch to fill, so an
 * idle gateway answers as fast as ever, and a busy one pays one statement and one commit for many.
 *
 * Failures stay isolated: a statement that fails is tried in halves, down to the create that is to blame, which alone
 * hears of it. When the database is at fault every one of them would have failed alone too, and whether it was
 * committed may be unknown, so all hear of it. So they do when it was too slow: no create takes longer than another, and who
 * waits behind them should not wait for each in turn.
 *
 * @returns whether the create was accepted; false when its key is known already. Rejects with its own failure.
 */
export function createAcceptance(sql: Database): (submission: Submission) => Promise<boolean> {
  const waiting: Waiting[] = [];
  let running = false;

  /** Between two statements the event loop turns: who was answered may ask again, and shares the next. */
  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      await attempt(waiting.splice(0, mostAtOnce));
      await turn();
    }
    running = false;
  }

  async function attempt(batch: readonly Waiting[]): Promise<void> {
    try {
      const accepted = await submitAll(
        sql,
        batch.map(({ submission }) => submission),
      );
      for (const { submission, resolve } of batch) resolve(accepted.has(submission.id));
    } catch (error) {
      if (batch.length > 1 && !isDatabaseFault(error) && !isTooSlow(error)) return inHalves(batch);
      for (const { reject } of batch) reject(error);
    }
  }

  async function inHalves(batch: readonly Waiting[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await attempt(batch.slice(0, middle));
    await attempt(batch.slice(middle));
  }

  return (submission) =>
    new Promise((resolve, reject) => {
      waiting.push({ submission, resolve, reject });
      if (!running) void run();
    });
}
