import { type Database, isDatabaseFault } from '../../ops/platform/database.ts';
import { type Submission, submitAll } from './submit.store.ts';

/** Creates that share a statement at most. Past this the database gains nothing, and one statement's text stays bounded. */
const mostAtOnce = 64;

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
 * committed may be unknown, so all hear of it.
 *
 * @returns whether the create was accepted; false when its key is known already. Rejects with its own failure.
 */
export function createAcceptance(sql: Database): (submission: Submission) => Promise<boolean> {
  const waiting: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) await settle(waiting.splice(0, mostAtOnce));
    running = false;
  }

  async function settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const accepted = await submitAll(
        sql,
        batch.map((one) => one.submission),
      );
      for (const { submission, resolve } of batch) resolve(accepted.has(submission.id));
    } catch (error) {
      if (batch.length === 1 || isDatabaseFault(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const middle = Math.ceil(batch.length / 2);
      await settle(batch.slice(0, middle));
      await settle(batch.slice(middle));
    }
  }

  return (submission) =>
    new Promise((resolve, reject) => {
      waiting.push({ submission, resolve, reject });
      if (!running) void run();
    });
}
