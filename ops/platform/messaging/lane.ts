import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery, Subscription } from '../broker/subscription.ts';
import { type Database, isDatabaseFault } from '../database.ts';
import { countCrash, forgetCrashes } from './inbox.store.ts';
import { markerType, readMarker } from './marker.ts';
import { notePassed } from './marker.store.ts';
import type { Relay } from './relay.ts';
import { type Committed, parkOne, recordFailure, runBatch } from './batch.ts';
import type { BatchSettings } from './deciding.ts';
import type { Handler } from './handler.ts';
import { type Fact, type Unreadable, type Item, type Work, isTooLarge, readDelivery } from './item.ts';

/** A delivery handed out this often before may be what crashes its worker: it is taken alone, and counted. */
const suspectReturns = 2;
const crashLimit = 3;
/**
 * Keys one batch may lock. PostgreSQL's lock table holds some ten thousand for all sessions together (64 for each
 * possible connection); a batch that needs more fails however often it is tried.
 */
const mostKeys = 1_000;

/** About once a minute, and when the reason changes: a queue that waits for long must be seen to wait. */
const triesPerWarning = 30;

export interface LaneOptions extends BatchSettings {
  readonly sql: Database;
  readonly relay: Relay;
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly batchSize: number;
  /** How many deliveries may be begun now (a bulkhead's room); facts are never held back. Call `wake` when it grows. */
  readonly room?: () => number;
}

/** How the broker is told that work is done. */
type Ack = (settled: readonly Work[]) => void;

/** Facts come from nobody who waits for an ack. */
const toNobody: Ack = () => undefined;

/**
 * One batch at a time: takes what has gathered while the last one ran, so that batches grow with load and an idle
 * system waits for nothing.
 */
export interface Lane {
  deliver(delivery: Delivery, subscription: Subscription): void;
  happened(fact: Fact): void;
  wake(): void;
  /** Forgets what a lost channel delivered: it comes again. */
  lost(session: object): void;
  /** Ends the running batch, drops what was not begun, resolves when still. */
  stop(): Promise<void>;
}

export function createLane(options: LaneOptions): Lane {
  const { sql, log } = options;
  let deliveries: { delivery: Delivery; subscription: Subscription }[] = [];
  let facts: Fact[] = [];
  let running: Promise<void> | undefined;
  let stopped = false;

  function wake(): void {
    if (stopped || running !== undefined) return;
    running = run().finally(() => {
      running = undefined;
      if (ready()) wake();
    });
  }

  const room = (): number => Math.min(options.batchSize, options.room?.() ?? options.batchSize);
  const ready = (): boolean => !stopped && (facts.length > 0 || (deliveries.length > 0 && room() > 0));

  async function run(): Promise<void> {
    // Whatever arrives in the same turn of the event loop belongs to the batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (ready()) {
      if (facts.length > 0) await settle(facts.splice(0, options.batchSize), toNobody);
      if (stopped) return;
      const taken = deliveries.splice(0, room());
      const suspects = taken.filter(({ delivery }) => delivery.returns >= suspectReturns);
      const innocents = taken.filter(({ delivery }) => delivery.returns < suspectReturns);
      await take(innocents);
      for (const suspect of suspects) if (!stopped) await takeAlone(suspect);
    }
  }

  async function take(taken: readonly { delivery: Delivery; subscription: Subscription }[]): Promise<void> {
    const work: Work[] = [];
    for (const { delivery, subscription } of taken) {
      if (delivery.type === markerType) await passed(delivery, subscription);
      else work.push(readDelivery(delivery, options.handlers));
    }
    const byDelivery = new Map(taken.map(({ delivery, subscription }) => [delivery, subscription]));
    await settle(work, (settled) => {
      const received = settled.filter((one) => one.kind !== 'fact');
      const done = received.flatMap((one) => (isTooLarge(one) ? [] : [one.delivery]));
      // Its letter has no body: the broker moves the message itself to the dead letters.
      for (const one of received) if (isTooLarge(one)) byDelivery.get(one.delivery)?.reject(one.delivery);
      for (const [subscription, group] of Map.groupBy(done, (delivery) => byDelivery.get(delivery)))
        subscription?.ack(group);
    });
  }

  /** What was handed over to the queue before its marker has been delivered, or is lost. */
  async function passed(delivery: Delivery, subscription: Subscription): Promise<void> {
    const marker = readMarker(options.queue, delivery);
    if (marker === undefined) log.error({ messageId: delivery.messageId }, 'not a marker, thrown away');
    else await patiently(() => notePassed(sql, marker));
    subscription.ack([delivery]);
  }

  /**
   * Counts before, forgets after: at the limit the message is parked, and only this one. It is acknowledged last: a process
   * that dies before that gets it once more, and forgets it then.
   */
  async function takeAlone(suspect: { delivery: Delivery; subscription: Subscription }): Promise<void> {
    const item = readDelivery(suspect.delivery, options.handlers);
    if (item.kind === 'unreadable') return take([suspect]);
    const crashes = await patiently(() =>
      countCrash(sql, options.queue, { messageId: item.id, attempt: item.envelope.attempt }),
    );
    if (crashes === undefined) return;
    let isSettled = false;
    if (crashes > crashLimit) {
      const cause = { errorClass: 'CrashLoop', errorMessage: `its worker died ${crashes - 1} times while handling it` };
      const committed = await patiently(() => parkOne(sql, item, cause, options));
      if (committed === undefined) return;
      finish(committed);
      isSettled = true;
    } else {
      await settle([item], () => {
        isSettled = true;
      });
    }
    await patiently(() => forgetCrashes(sql, options.queue, item.id));
    if (isSettled) suspect.subscription.ack([suspect.delivery]);
  }

  /** Runs work to its end: whole, or in halves down to the culprit. What is not a message's fault is waited for. */
  async function settle(work: readonly Work[], ack: Ack): Promise<void> {
    if (work.length === 0) return;
    if (work.length > 1 && keyCount(work) > mostKeys) return settleHalves(work, ack);
    try {
      const committed = await patiently(() => runBatch(sql, work, options), isDatabaseFault);
      if (committed === undefined) return;
      finish(committed);
      ack(work);
    } catch (error) {
      if (work.length > 1) return settleHalves(work, ack);
      const [culprit] = work;
      if (culprit === undefined) return;
      if (culprit.kind === 'fact') {
        log.error({ error, fact: culprit.body }, 'a fact could not be recorded; its alarm will bring it again');
        await culprit.failed?.(error);
      } else await blame(culprit, error, ack);
    }
  }

  async function settleHalves(work: readonly Work[], ack: Ack): Promise<void> {
    const middle = Math.ceil(work.length / 2);
    await settle(work.slice(0, middle), ack);
    await settle(work.slice(middle), ack);
  }

  async function blame(culprit: Item | Unreadable, error: unknown, ack: Ack): Promise<void> {
    const committed = await patiently(() =>
      // Of an unreadable message the batch itself is the record.
      culprit.kind === 'unreadable' ? runBatch(sql, [culprit], options) : recordFailure(sql, culprit, error, options),
    );
    if (committed === undefined) return;
    finish(committed);
    ack([culprit]);
  }

  /**
   * Repeats what fails for a reason that counts against nobody. What the lane says about a message fails for no other reason: it is
   * made to be stored whatever the message holds.
   *
   * @returns undefined when the lane stopped meanwhile
   */
  async function patiently<Result>(
    attempt: () => Promise<Result>,
    isWaitedFor: (error: unknown) => boolean = () => true,
  ): Promise<Result | undefined> {
    let reason: string | undefined;
    for (let tries = 0; ; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!isWaitedFor(error)) throw error;
        if (stopped) return undefined;
        if (String(error) !== reason || tries % triesPerWarning === 0)
          log.warn({ error, tries }, 'database away or busy, trying the same batch again');
        reason = String(error);
        await sleep(Math.min(50 * 2 ** tries, 2_000));
      }
    }
  }

  function finish(committed: Committed): void {
    options.relay.committed(committed.publications);
    for (const [aggregate, states] of committed.saved) aggregate.committed?.(states, committed.begunAt);
  }

  return {
    deliver(delivery, subscription) {
      deliveries.push({ delivery, subscription });
      wake();
    },
    happened(fact) {
      facts.push(fact);
      wake();
    },
    wake,
    lost(session) {
      deliveries = deliveries.filter(({ delivery }) => delivery.session !== session);
    },
    async stop() {
      stopped = true;
      deliveries = [];
      await running;
      // What already happened is worth recording: without it an outcome would have to be read back.
      const last = facts;
      facts = [];
      if (last.length > 0) await settle(last, toNobody);
    },
  };
}

const keyCount = (work: readonly Work[]): number =>
  work.reduce((sum, one) => sum + (one.kind === 'unreadable' ? 0 : one.handler.keys(one.body).length), 0);
