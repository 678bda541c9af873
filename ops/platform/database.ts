import postgres from 'postgres';

export type Database = postgres.Sql;
export type Transaction = postgres.TransactionSql;
/** What a statement runs on: the pool or a transaction. */
export type Queryable = Database | Transaction;

/** Opens the process's pool. Connections are made on first use, so a database that is down delays, never fails, a start. */
export function connectDatabase(url: string, options: { connections: number; role: string }): Database {
  return postgres(url, {
    max: options.connections,
    connect_timeout: 5,
    idle_timeout: 0,
    backoff: (attempt) => Math.min(0.1 * 2 ** attempt, 2),
    onnotice: () => undefined,
    connection: {
      application_name: `patchbay ${options.role}`,
      timezone: 'UTC',
      statement_timeout: 30_000,
      random_page_cost: 1.1,
    },
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
  });
}

/** SQLSTATE classes in which the database, not the message, is at fault: connection, rollback, resources, shutdown. */
const databaseFault = /^(08|40|53|57)/;
/** The driver's own codes for a connection that went away. */
const driverFault = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
]);

/** True when trying the same again later may work and nobody's message is to blame. */
export function isDatabaseFault(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return databaseFault.test(error.code) || driverFault.has(error.code);
}

/**
 * Runs work in one transaction.
 *
 * The driver rolls back when work throws. On a connection that is lost there is nobody to say that to, and a driver that is
 * not mended (decision record 6) ends the process with it: so nothing more is said there, and the driver reports the end by itself.
 *
 * @param options as SQL has them after `begin`: `read only`
 */
export function transaction<Result>(
  sql: Database,
  work: (tx: Transaction) => Promise<Result>,
  options = '',
): Promise<Result> {
  const guarded = (tx: Transaction): Promise<Result> =>
    work(tx).catch((error: unknown) => {
      if (isConnectionLost(error)) return new Promise<never>(() => undefined);
      throw error;
    });
  return sql.begin(options, guarded) as Promise<Result>;
}

/** True when the connection is gone, or the server said its last word on it. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return driverFault.has(error.code) || ('severity' in error && error.severity === 'FATAL');
}
