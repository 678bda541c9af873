import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLTagStore } from 'node:sqlite';

/** The simulator's one file of state. Everything is synchronous: a transaction is a function. */
export type Database = {
  sql: SQLTagStore;
  /** Runs `work` in one transaction: all of it is on record when this returns, none of it if it throws. */
  atomically: <T>(work: () => T) => T;
  close: () => void;
};

/** Raise it with every change of the tables; a simulator's state is test data and is not migrated. */
const SCHEMA_VERSION = 1;

const schema = `
  -- What each manager holds for each service. No row: nothing.
  create table holding (manager text, service_ref text, held text not null, primary key (manager, service_ref)) without rowid;

  -- What the holdings keep others from having. Two holders of one claim come from out-of-band edits only.
  create table claim (manager text, claim text, service_ref text, primary key (manager, claim, service_ref)) without rowid;
  create index claim_of_service on claim (manager, service_ref);

  -- Each reference that took effect, how often, and what was answered last.
  create table reference (
    manager text, reference text, operation text not null, service_ref text not null,
    times integer not null check (times > 0), result text not null, primary key (manager, reference)) without rowid;

  -- Named counters: where a pool looks next, the last allocation's number.
  create table sequence (name text primary key, value integer not null) without rowid;

  -- Every call, as the caller met it. No index but its order: it is written on every call and asked for by tests.
  create table ledger (
    seq integer primary key, at integer not null, manager text not null, operation text not null,
    reference text, service_ref text, effect integer not null check (effect in (0, 1)), effects integer not null,
    outcome text not null, status integer, code text, unknown integer not null check (unknown in (0, 1)),
    fault text, rule text);

  -- Up to here each answer is known to have left, or known not to have.
  create table settled (only integer primary key check (only = 1), seq integer not null);
  insert into settled values (1, 0);

  create table reads (manager text, kind text, n integer not null, primary key (manager, kind)) without rowid;

  create table fault (id text primary key, rule text not null, drawn integer not null, fired integer not null);

  -- Calls that were cut off and take effect later.
  create table late (seq integer primary key, due_at integer not null, manager text not null, operation text not null, call text not null);

  pragma user_version = ${SCHEMA_VERSION};
`;

/** Tables that came after the first version: older states get them when they are opened. */
const added = `
  -- Work that was taken on, with how it is to be delivered. No due_at: never by itself. No call_at: nobody is to be called back.
  create table if not exists delivery (
    manager text, reference text, operation text not null, service_ref text not null, parameters text not null,
    callback_url text, pace text not null, due_at integer, call_at integer,
    state text not null check (state in ('open', 'done', 'refused', 'calledOff')), told text,
    calls integer not null default 0, answered integer not null default 0, primary key (manager, reference)) without rowid;

  create table if not exists pace (only integer primary key check (only = 1), pace text not null);
`;

/**
 * Opens (or makes) the state in a directory and locks it for this process.
 *
 * A commit here is a completed write() to the log, which the kernel keeps when the process is killed. Nothing is
 * flushed to disk (`synchronous = off`): a power cut may cost the simulator its state, and buys every call 1 ms.
 */
export function openDatabase(directory: string): Database {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'network.sqlite');
  const database = new DatabaseSync(file);
  try {
    database.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = off;');
    const version = Number(database.prepare('pragma user_version').get()?.['user_version']);
    if (version === 0) database.exec(`begin immediate; ${schema} commit`);
    else if (version !== SCHEMA_VERSION)
      throw new Error(
        `${file} was written by another version of the simulator: delete it to start with an empty network`,
      );
    // Takes the lock now, not at the first call.
    database.exec(`begin immediate; ${added} commit`);
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked/.test(error.message))
      throw new Error(`${file} is in use by another simulator: stop it, or set another DATA_DIR`, { cause: error });
    throw error;
  }

  const [begin, commit, rollback] = [
    database.prepare('begin immediate'),
    database.prepare('commit'),
    database.prepare('rollback'),
  ];
  return {
    sql: database.createTagStore(200),
    atomically: (work) => {
      begin.run();
      try {
        const result = work();
        commit.run();
        return result;
      } catch (error) {
        if (database.isTransaction) rollback.run();
        throw error;
      }
    },
    close: () => database.close(),
  };
}
