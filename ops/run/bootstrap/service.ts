/** A PostgreSQL or RabbitMQ that runs for us, whoever started it. */
export type Service = {
  readonly name: 'postgres' | 'rabbitmq';
  /** the connection URL, credentials included */
  readonly url: string;
  /** the number of the server's own process; undefined when it is not a process of this machine's that we started */
  readonly pid: number | undefined;
  alive(): boolean;
  /** Sends a signal to the server's process; for fault tests. */
  kill(signal: NodeJS.Signals): void;
  /** Ends it in order; data stays. Nothing happens to a server that was given by URL. */
  stop(): Promise<void>;
  /** Brings it up again after it was stopped or killed, on the same port with the same data; stops it first if it runs. */
  restart(): Promise<void>;
  /** Calls back each time the server ends without having been asked to. */
  onLost(listener: () => void): void;
};

/** RabbitMQ has a second face. */
export type Broker = Service & {
  /** base address of the management interface, without credentials; undefined when there is none */
  readonly managementUrl: string | undefined;
  readonly login: { readonly user: string; readonly password: string };
  /** Runs `rabbitmqctl` on it and gives what it says; only for a broker that we started. For fault tests. */
  readonly control?: (...args: readonly string[]) => Promise<string>;
};

/** Says what is being done, one line each; for people. */
export type Progress = (line: string) => void;
