import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery, Subscription } from '../broker/subscription.ts';
import { type Database, isDatabaseFault } from '../database.ts';
import { countCrash, forgetCrashes } from './inbox.store.ts';
import { markerType } from './lost.ts';
import { notePassed } from './marker.store.ts';
import type { Relay } from './relay.ts';
import { type BatchSettings, type Committed, parkOne, recordFailure, runBatch } from './batch.ts';
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

export interface LaneOptions extends BatchSettings {
  readonly sql: Database;
  readonly relay: Relay;
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly batchSize: number;
  /** How many deliveries may be begun now (a bulkhead's room); facts are never held back. Call `wake` when it grows. */
  readonly room?: () => number;
}

/** How the broker is told what became of a batch. */
interface Answer {
  ack(settled: readonly Work[]): void;
  reject(culprit: Item | Unreadable): void;
}

/** Facts come from nobody who waits for an ack. */
const toNobody: Answer = { ack: () => undefined, reject: () => undefined };

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
    await settle(work, {
      ack(settled) {
        const received = settled.filter((one) => one.kind !== 'fact');
        const done = received.flatMap((one) => (isTooLarge(one) ? [] : [one.delivery]));
        // Its letter has no body: the broker moves the message itself to the dead letters.
        for (const one of received) if (isTooLarge(one)) byDelivery.get(one.delivery)?.reject(one.delivery);
        for (const [subscription, group] of Map.groupBy(done, (delivery) => byDelivery.get(delivery)))
          subscription?.ack(group);
      },
      reject: ({ delivery }) => byDelivery.get(delivery)?.reject(delivery),
    });
  }

  /** What was handed over to the queue before its marker has been delivered, or is lost. */
  async function passed(delivery: Delivery, subscription: Subscription): Promise<void> {
    const id = delivery.messageId ?? '';
    await patiently(() => notePassed(sql, { queue: options.queue, id }));
    subscription.ack([delivery]);
  }

  /** Counts before, forgets after: at the limit the message is parked, and only this one. */
  async function takeAlone(suspect: { delivery: Delivery; subscription: Subscription }): Promise<void> {
    const item = readDelivery(suspect.delivery, options.handlers);
    if (item.kind === 'unreadable') return take([suspect]);
    const crashes = await patiently(() => countCrash(sql, options.queue, item.id));
    if (crashes === undefined) return;
    if (crashes > crashLimit) {
      const cause = { errorClass: 'CrashLoop', errorMessage: `its worker died ${crashes - 1} times while handling it` };
      const committed = await patiently(() => parkOne(sql, item, cause, options));
      if (committed === undefined) return;
      finish(committed);
      suspect.subscription.ack([suspect.delivery]);
    } else {
      await take([suspect]);
    }
    await patiently(() => forgetCrashes(sql, options.queue, item.id));
  }

  /** Runs work to its end: whole, or in halves down to the culprit. A database that is away is waited for. */
  async function settle(work: readonly Work[], answer: Answer): Promise<void> {
    if (work.length === 0) return;
    if (work.length > 1 && keyCount(work) > mostKeys) return settleHalves(work, answer);
    try {
      const committed = await patiently(() => runBatch(sql, work, options));
      if (committed === undefined) return;
      finish(committed);
      answer.ack(work);
    } catch (error) {
      if (work.length > 1) return settleHalves(work, answer);
      const [culprit] = work;
      if (culprit === undefined) return;
      if (culprit.kind === 'fact')
        log.error({ error, fact: culprit.body }, 'a fact could not be recorded; its alarm will bring it again');
      else await blame(culprit, error, answer);
    }
  }

  async function settleHalves(work: readonly Work[], answer: Answer): Promise<void> {
    const middle = Math.ceil(work.length / 2);
    await settle(work.slice(0, middle), answer);
    await settle(work.slice(middle), answer);
  }

  async function blame(culprit: Item | Unreadable, error: unknown, answer: Answer): Promise<void> {
    try {
      if (culprit.kind === 'unreadable') throw error;
      const committed = await patiently(() => recordFailure(sql, culprit, error, options));
      if (committed === undefined) return;
      finish(committed);
      answer.ack([culprit]);
    } catch (unrecordable) {
      // Kept, it would hold a place for ever; thrown, it would end the process, which would get it again.
      log.error(
        { messageId: culprit.id, error: unrecordable },
        'message cannot be recorded, left to the broker to dead-letter',
      );
      answer.reject(culprit);
    }
  }

  /** Repeats while the database is at fault, which counts against nobody. Undefined when stopped meanwhile. */
  async function patiently<Result>(attempt: () => Promise<Result>): Promise<Result | undefined> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!isDatabaseFault(error)) throw error;
        if (stopped) return undefined;
        if (tries === 0) log.warn({ error }, 'database away or busy, trying the same batch again');
        await sleep(Math.min(50 * 2 ** tries, 2_000));
      }
    }
  }

  function finish(committed: Committed): void {
    options.relay.committed(committed.publications);
    for (const [aggregate, states] of committed.saved) aggregate.committed?.(states);
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
