import type { MessageVersions } from '../../../contracts/messages/message.ts';
import type { Topology } from '../../../contracts/topology.ts';
import type { BrokerConnection } from '../broker/connection.ts';
import { type Subscription, subscribe } from '../broker/subscription.ts';
import type { Database } from '../database.ts';
import type { Log } from '../log.ts';
import { watchQueue } from '../metrics/readings.ts';
import type { Relay } from './relay.ts';
import type { Handler } from './handler.ts';
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
  /** Deliveries held at once; the batch size unless told. */
  readonly prefetch?: number;
  readonly room?: () => number;
}

export interface Worker {
  readonly queue: string;
  readonly lane: Lane;
  /** True while it takes messages. A paused worker is well too. */
  healthy(): boolean;
  pause(): void;
  resume(): void;
  /** Takes nothing new, ends what is running, gives the rest back to the broker. */
  stop(): Promise<void>;
}

/** A handler takes its message in the version before, too. */
const namesOf = ({ definition: { name, previous } }: Handler): string[] =>
  previous === undefined ? [name] : [name, previous.name];

/** Consumes a queue with these handlers until stopped. */
export function startWorker(dependencies: WorkerDependencies, options: WorkerOptions): Worker {
  const { queue } = options;
  const log = dependencies.log.child({ queue });
  const lane = createLane({
    ...dependencies,
    queue,
    worker: options.worker,
    log,
    random: Math.random,
    handlers: new Map(options.handlers.flatMap((handler) => namesOf(handler).map((name) => [name, handler]))),
    ...(options.room === undefined ? {} : { room: options.room }),
  });
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
  return {
    queue,
    lane,
    healthy: () => paused || subscription.consuming(),
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
    async stop() {
      unwatch();
      subscription.pause();
      await lane.stop();
      await subscription.close();
    },
  };
}
