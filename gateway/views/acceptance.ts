import { type Database, isDatabaseFault } from '../../ops/platform/database.ts';
import { type Submission, submitAll } from './submit.store.ts';

/**
 * Creates that share a statement at most. With all 64 connections of a busy client in one, gateway and database wait for each other in
 * turn; with half of them one works while the other does. Fewer cost the database more for each.
 */
const mostAtOnce = 32;

const statementMayTakeMs = 35_000;

interface Waiting {
  readonly submission: Submission;
  readonly resolve: (accepted: boolean) => void;
  readonly reject: (error: unknown) => void;
}

type Answer = (batch: readonly Waiting[]) => void | Promise<void>;

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

  /** The next statement is on its way before the last one's creates are answered: the database does not wait for that. */
  async function run(): Promise<void> {
    running = true;
    for (let under = next(); under !== undefined;) {
      const { batch, result } = under;
      const answer = await result;
      under = next();
      await answer(batch);
      under ??= next();
    }
    running = false;
  }

  /** Sends what is waiting; the result says how its creates are to be answered. Never rejects. */
  function next(): { batch: readonly Waiting[]; result: Promise<Answer> } | undefined {
    const batch = waiting.splice(0, mostAtOnce);
    return batch.length === 0 ? undefined : { batch, result: attempt(batch) };
  }

  function attempt(batch: readonly Waiting[]): Promise<Answer> {
    const submissions = batch.map((one) => one.submission);
    return answered(submitAll(sql, submissions)).then(
      (accepted) => (done) => {
        for (const { submission, resolve } of done) resolve(accepted.has(submission.id));
      },
      (error: unknown) => (failed) => {
        if (failed.length > 1 && !isDatabaseFault(error)) return inHalves(failed);
        for (const { reject } of failed) reject(error);
      },
    );
  }

  async function inHalves(batch: readonly Waiting[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) await (await attempt(half))(half);
  }

  return (submission) =>
    new Promise((resolve, reject) => {
      waiting.push({ submission, resolve, reject });
      if (!running) void run();
    });
}

/**
 * Everybody waits for this one statement, so it must end. The server stops it after 30 s; a driver that lost it with its
 * connection would say nothing ever.
 *
 * @throws what counts as the database's fault
 */
async function answered<Result>(statement: Promise<Result>): Promise<Result> {
  const late = Object.assign(new Error('the database did not answer'), { code: 'ETIMEDOUT' });
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => (timer = setTimeout(reject, statementMayTakeMs, late)));
  return Promise.race([statement, deadline]).finally(() => clearTimeout(timer));
}
