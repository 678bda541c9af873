import type { BrokerConnection } from '../broker/connection.ts';
import type { Configuration } from '../configuration.ts';
import type { WorkerDependencies } from './worker.ts';

/** What a worker role is started with. */
export interface RoleDependencies extends WorkerDependencies {
  readonly configuration: Configuration;
  readonly consuming: BrokerConnection;
}

/** A started role. */
export interface RunningRole {
  /** What keeps it from working, in words; empty when it is ready. */
  troubles(): readonly string[];
  /** Drains: takes nothing new, ends what runs. */
  stop(): Promise<void>;
}
