/**
 * Makes the calls that commits opened. A call that changes something is an intent (decision record 1): opened in its row
 * by one transaction, made by the process that committed it, its outcome recorded by another. Where nobody knows the
 * outcome, the next intent of the row reads it back.
 */
import type { Failure } from '../../contracts/messages/values.ts';
import type { Log } from '../../ops/platform/log.ts';
import type { Guard } from './guard.ts';
import { type ObservedCall, type Subject, observeCall } from './observed-call.ts';
import { LeaseOver, OutcomeUnknown, PlatformNotReached, PlatformRefusal, type Sending, isOutage } from './platform.ts';

/** What of a lease is kept back: an intent that cannot be called and answered before it ends is left to the next holder. */
export const leaseMarginMs = 5_000;

/** An open intent of a row, as the transaction left it. */
export interface Intent<Result> {
  /** `call` changes something at the platform, `read` tells what became of a call, `poll` follows what goes on there. */
  readonly what: 'call' | 'read' | 'poll';
  /** The row's revision that opened it. */
  readonly openedBy: number | undefined;
  /** The row's revision when the transaction read it; undefined where it made the row. */
  readonly readAt: number | undefined;
  /** Undefined: nothing outside is asked, `make` knows the result. */
  readonly guard: Guard | undefined;
  readonly subject: Subject;
  /** @param sending the call's span and its lease: `request()` takes both along */
  make(sending: Omit<Sending, 'signal'>): Promise<Result>;
}

/** A result as the executor sees it. */
interface Answer {
  readonly kind: string;
  readonly failure?: Failure | undefined;
}

/** What came of an intent that the platform gave no result to. `counted` false: an outage, which is the breaker's business. */
export type Trouble =
  /** The platform's no. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** Certainly no effect. */
  | {
      readonly kind: 'notReached';
      readonly failure: Failure;
      readonly counted: boolean;
      readonly retryAfterMs?: number | undefined;
    }
  /** Nobody knows whether the call had an effect: it is to be read back. */
  | { readonly kind: 'unknown'; readonly failure: Failure; readonly counted: boolean }
  /** The read or poll itself failed. */
  | { readonly kind: 'unreadable'; readonly failure: Failure; readonly counted: boolean };

/** Makes the calls that commits opened, and tells what came of them. */
export interface Executor<State> {
  /**
   * Begins what a commit opened.
   *
   * @param begunAt `performance.now()` before its transaction: the leases it gave began later
   */
  committed(states: readonly State[], begunAt: number): void;
  running(): number;
  /** Resolves when no call is running. */
  drained(): Promise<void>;
}

export interface ExecutorOptions<State, Result> {
  /** Undefined where nothing is open. */
  readonly intentOf: (state: State) => Intent<Result> | undefined;
  readonly happened: (state: State, result: Result | Trouble, traceparent: string | undefined) => void;
  /** Whether a read that an outage failed counts while the breaker stays closed. */
  readonly countsReads: boolean;
  readonly log: Log;
}

export function createExecutor<State, Result extends Answer>({
  intentOf,
  happened,
  countsReads,
  log,
}: ExecutorOptions<State, Result>): Executor<State> {
  const running = new Set<Promise<void>>();

  async function drive(state: State, intent: Intent<Result>, begunAt: number): Promise<void> {
    const observed = observeCall(intent.subject);
    const result = await attempt(intent, observed, begunAt);
    // Somebody else's by now, and read back before anything else is done.
    if (result === undefined) return;
    observed.end(result);
    happened(state, result, observed.traceparent());
  }

  /** Undefined: the lease ran out before the call could be made. */
  async function attempt(
    intent: Intent<Result>,
    observed: ObservedCall,
    begunAt: number,
  ): Promise<Result | Trouble | undefined> {
    const { guard, what, subject } = intent;
    if (guard === undefined) return intent.make({});
    const { breaker, bulkhead } = guard;
    if (breaker.isOpen()) return heldBack(`${subject.platform} is held off by its breaker`);
    const leave = await bulkhead.enter(leaseMarginMs / 2);
    if (leave === undefined) return heldBack(`${subject.platform} has all its places taken`);
    // The process may stand still at any moment, so `request()` asks once more.
    const leaseHolds = (): boolean => performance.now() - begunAt < leaseMarginMs;
    try {
      if (!leaseHolds()) throw new LeaseOver(what);
      observed.begin();
      const call = () => intent.make({ traceparent: observed.traceparent(), leaseHolds });
      const result = await breaker.run(call).finally(observed.over);
      const { kind, failure } = result;
      const level = failure !== undefined ? 'warn' : what === 'poll' ? 'debug' : 'info';
      log[level]({ ...subject.about, what, result: kind, failure }, 'platform answered');
      return result;
    } catch (error) {
      if (error instanceof LeaseOver) {
        log.warn(subject.about, `the lease ran out before the ${what} could be made, it is left to the next holder`);
        return undefined;
      }
      log.warn({ ...subject.about, what, error }, 'platform did not do or say what it was asked');
      return await troubleOf(error, what, breaker);
    } finally {
      leave();
    }
  }

  async function troubleOf(error: unknown, what: Intent<Result>['what'], breaker: Guard['breaker']): Promise<Trouble> {
    const failure = failureOf(error);
    if (error instanceof PlatformRefusal && what !== 'read') return { kind: 'refused', failure };
    if (what !== 'call' && !countsReads) return { kind: 'unreadable', failure, counted: !isOutage(error) };
    const counted = !(isOutage(error) && (await breaker.heldOff()));
    if (what !== 'call') return { kind: 'unreadable', failure, counted };
    return error instanceof PlatformNotReached
      ? { kind: 'notReached', failure, counted, retryAfterMs: error.retryAfterMs }
      : { kind: 'unknown', failure, counted };
  }

  return {
    committed(states, begunAt) {
      for (const state of states) {
        const intent = intentOf(state);
        // Opened before this transaction: somebody holds its lease, and it was saved for another reason. Whatever the
        // transaction opened is ours, even if more was decided over it after that.
        if (intent?.openedBy === undefined || intent.openedBy <= (intent.readAt ?? 0)) continue;
        const driving: Promise<void> = drive(state, intent, begunAt).finally(() => running.delete(driving));
        running.add(driving);
      }
    },
    running: () => running.size,
    async drained() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

function failureOf(error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof PlatformRefusal) return { code: error.code, reason };
  if (error instanceof OutcomeUnknown) return { code: 'outcomeUnknown', reason };
  if (error instanceof PlatformNotReached) return { code: 'platformNotReached', reason };
  return { code: 'unexpected', reason };
}

/** It sits out: no call, no attempt burned. */
const heldBack = (reason: string): Trouble => ({
  kind: 'notReached',
  failure: { code: 'heldBack', reason },
  counted: false,
});
