import { type MessageVersions, namesOf } from '../../../contracts/messages/message.ts';
import type { Topology } from '../../../contracts/topology.ts';
import type { BrokerConnection } from '../broker/connection.ts';
import { type Subscription, subscribe } from '../broker/subscription.ts';
import type { Database } from '../database.ts';
import type { Log } from '../log.ts';
import { watchQueue } from '../metrics/readings.ts';
import { type Alarms, startRinging } from './alarms.ts';
import type { Relay } from './relay.ts';
import type { Handler } from './handler.ts';
import { numberTypes } from './inbox.store.ts';
import { type Lane, createLane } from './lane.ts';
import type { RetryPolicy } from './retry.ts';

/** What every worker of a process shares. */
export interface WorkerDependencies {
  readonly sql: Database;
  readonly relay: Relay;
  /** The connection that consumes; publishing has its own, because an alarm blocks a connection's acks too. */
  readonly consuming: BrokerConnection;
  readonly topology: Topology;
  readonly log: Log;
  readonly batchSize: number;
  readonly retry: RetryPolicy;
  /** Which spelling is emitted of messages that have two. */
  readonly versions?: MessageVersions;
}

export interface WorkerOptions {
  readonly queue: string;
  /** Named in dead letters. */
  readonly worker: string;
  readonly handlers: readonly Handler[];
  /** What it looks at when its time has come. */
  readonly alarms?: Alarms;
  /** Deliveries held at once; the batch size unless told. */
  readonly prefetch?: number;
  readonly room?: () => number;
}

export interface Worker {
  readonly queue: string;
  readonly lane: Lane;
  /** What keeps it from working, in words. A paused worker is well too. */
  troubles(): readonly string[];
  /** Takes no messages; alarms go on. */
  pause(): void;
  resume(): void;
  /** Takes nothing new, neither messages nor alarms; what is running goes on. */
  drain(): Promise<void>;
  /** Takes nothing new, ends what is running, gives the rest back to the broker. */
  stop(): Promise<void>;
}

/** Consumes a queue with these handlers until stopped. */
export function startWorker(dependencies: WorkerDependencies, options: WorkerOptions): Worker {
  const { queue, alarms } = options;
  // The letter of an alarm that failed is replayed as a message.
  const all = [...options.handlers, ...(alarms === undefined ? [] : [alarms.handler])];
  const handlers = new Map(
    all.flatMap((handler) => namesOf(handler.definition).map((name) => [name, handler] as const)),
  );
  const log = dependencies.log.child({ queue });
  const lane = createLane({
    ...dependencies,
    queue,
    worker: options.worker,
    log,
    random: Math.random,
    handlers,
    ...(options.room === undefined ? {} : { room: options.room }),
  });
  const numbered = numberTypes(dependencies.sql, [...handlers.keys()]).catch((error: unknown) =>
    log.warn({ error }, 'message types have no number yet: the inbox keeps their names'),
  );
  let paused = false;
  const unwatch = watchQueue(queue);
  const subscription: Subscription = subscribe(dependencies.consuming, {
    queue,
    prefetch: options.prefetch ?? dependencies.batchSize,
    topology: dependencies.topology,
    log,
    deliver: (delivery) => lane.deliver(delivery, subscription),
    lost: (session) => lane.lost(session),
  });
  const ringing =
    alarms === undefined
      ? undefined
      : startRinging(alarms, { ...dependencies, log, lane, queue, worker: options.worker });

  async function drain(): Promise<void> {
    await ringing?.stop();
    paused = true;
    subscription.pause();
  }

  return {
    queue,
    lane,
    troubles: () => [
      ...(paused || subscription.consuming() ? [] : [`not consuming ${queue}`]),
      ...(dependencies.relay.publishing() ? [] : ['no channel to publish on']),
    ],
    pause() {
      if (!paused) log.warn('consumption paused');
      paused = true;
      subscription.pause();
    },
    resume() {
      if (paused) log.info('consumption resumed');
      paused = false;
      subscription.resume();
    },
    drain,
    async stop() {
      unwatch();
      await drain();
      await lane.stop();
      await subscription.close();
      await numbered;
    },
  };
}
