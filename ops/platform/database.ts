import postgres from 'postgres';

export type Database = postgres.Sql;
export type Transaction = postgres.TransactionSql;
/** What a statement runs on: the pool or a transaction. */
export type Queryable = Database | Transaction;

/** The mark of `ops/run/bootstrap/postgres-3.4.9.patch`: another patch has another. */
const mark = 'patchbay 2';

/** The database driver is not the one that this release was made for; the message says what to run. */
export class DriverError extends Error {
  override name = 'DriverError';
}

/**
 * Refuses a driver as it is published, and any other version: where a connection closes, its statements may be answered with
 * what belongs to others, or run outside of their transaction (decision record 18).
 *
 * @throws DriverError
 */
export function requireMendedDriver(driver: object = postgres): void {
  if ('mended' in driver && driver.mended === mark) return;
  throw new DriverError(
    'The database driver (the package postgres) is not mended, or is not version 3.4.9: run "npm ci", or where install ' +
      'scripts are off "npm ci --ignore-scripts && node ops/run/bootstrap/mend-driver.mjs", and start again.',
  );
}

export interface DatabaseOptions {
  readonly connections: number;
  /** Named in `pg_stat_activity`. */
  readonly role: string;
  /** How long a statement may take, in milliseconds; 30 s unless told. */
  readonly statementMs?: number;
  /** Settings of the server for these connections. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

const usualStatementMs = 30_000;
/** The server stops a statement first and says so; what is silent for so much longer is gone, or the way to it is. */
const graceMs = 5_000;
/**
 * How long a transaction may wait for its client, as a part of what a statement may take. Less than all of it: who waits for a
 * lock of a client that is gone gets it, and is not stopped for it.
 */
const idlePart = 2 / 3;
const longestIdleMs = 20_000;
/**
 * The server looks after a client that is silent in the middle of a statement (parsed, not yet executed), of which neither
 * limit above ends the transaction: within 25 s its locks are free, before who waits for them is stopped.
 */
const keepalive = { tcp_keepalives_idle: 10, tcp_keepalives_interval: 5, tcp_keepalives_count: 3 };

/**
 * Opens the process's pool. Connections are made on first use, so a database that is down delays, never fails, a start.
 *
 * A connection that leaves a statement unanswered is destroyed and opened anew, so that a silent network holds nobody for
 * longer than a slow statement would.
 *
 * @throws DriverError when the driver is not mended
 */
export function connectDatabase(
  url: string,
  { connections, role, statementMs = usualStatementMs, settings = {} }: DatabaseOptions,
): Database {
  requireMendedDriver();
  const options = {
    max: connections,
    connect_timeout: 5,
    statement_deadline: (statementMs + graceMs) / 1000,
    idle_timeout: 0,
    backoff: (attempt: number) => Math.min(0.1 * 2 ** attempt, 2),
    onnotice: () => undefined,
    connection: {
      application_name: `patchbay ${role}`,
      timezone: 'UTC',
      statement_timeout: statementMs,
      idle_in_transaction_session_timeout: Math.min(Math.round(statementMs * idlePart), longestIdleMs),
      ...keepalive,
      random_page_cost: 1.1,
      ...settings,
    },
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
  };
  return postgres(url, options);
}

/** SQLSTATE classes in which PostgreSQL says that data is wrong, breaks a constraint, or is more than it can hold. */
const dataFault = /^(22|23|54)/;
/** A statement or its wait for a lock was stopped for time. */
const tooSlow = new Set(['57014', '55P03']);
/** The driver's own words for what it was given by us. */
const misuse = new Set(['UNDEFINED_VALUE', 'NOT_TAGGED_CALL', 'MAX_PARAMETERS_EXCEEDED']);

/**
 * True when the world is at fault: the same again, later, may work, and no message or request is to blame. The one rule of
 * blame; it is narrow on the side of blame, because what is blamed wrongly is given up, and what is waited for wrongly is not.
 *
 * To blame is
 * - what PostgreSQL says about the data: SQLSTATE classes 22, 23 and 54;
 * - what took too long (57014, 55P03): that is the batch's, which is halved until the slow one stands alone. It is not the
 *   server's, which would have ended the connection (57P01 to 57P05);
 * - what our own code throws. Errors of networks, TLS, the driver and PostgreSQL all carry a `code`; what our code throws
 *   (ZodError, Error, a TypeError of the language) carries none. A TypeError or RangeError is our code's even with a code (Node
 *   gives it one when an argument is wrong), and so are the driver's complaints about arguments.
 *
 * Everything else is the world's, whether we have heard of it or not: a standby that only reads (25006), a database that is
 * renamed (3D000), a role that is locked (28000), a table that its migration has yet to make (42P01), any network's code.
 */
export function isDatabaseFault(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  if (error instanceof postgres.PostgresError) return !dataFault.test(error.code) && !isTooSlow(error);
  return !(error instanceof TypeError || error instanceof RangeError || misuse.has(error.code));
}

/** True when the statement, or its wait for a lock, was stopped because it took too long. */
export function isTooSlow(error: unknown): boolean {
  return error instanceof postgres.PostgresError && tooSlow.has(error.code);
}

/**
 * Runs work in one transaction.
 *
 * @param options as SQL has them after `begin`: `read only`
 */
export function transaction<Result>(
  sql: Database,
  work: (tx: Transaction) => Promise<Result>,
  options = '',
): Promise<Result> {
  return sql.begin(options, work) as Promise<Result>;
}
