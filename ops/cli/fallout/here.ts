import { homeFromEnvironment } from '../../run/bootstrap/home.ts';
import { readRunFile } from '../../run/bootstrap/run-file.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import type { Letters } from '../../platform/broker/letters.ts';
import { type Purging, openPurging } from '../../platform/broker/purge.ts';
import { openLetterBook } from '../../platform/messaging/letter-book.ts';
import { type Database, connectDatabase } from '../../platform/database.ts';

/** The database and the broker of the system that runs here, else those the environment names. */
function here(): { database: string; amqp: string } {
  const urls = readRunFile(homeFromEnvironment(process.env))?.urls;
  const database = urls?.database ?? process.env['DATABASE_URL'];
  const amqp = urls?.amqp ?? process.env['AMQP_URL'];
  if (database === undefined || amqp === undefined) {
    throw new Sentence('No system runs here: start it with npm start, or set DATABASE_URL and AMQP_URL.');
  }
  return { database, amqp };
}

export async function withDatabase<Result>(action: (sql: Database) => Promise<Result>): Promise<Result> {
  const sql = connectDatabase(here().database, { connections: 1, role: 'fallout' });
  try {
    return await action(sql);
  } finally {
    await sql.end();
  }
}

export async function withLetters<Result>(action: (letters: Letters) => Promise<Result>): Promise<Result> {
  return withDatabase(async (sql) => {
    const letters = await openLetterBook(here().amqp, sql).catch((error: unknown) => {
      throw new Sentence(`RabbitMQ does not answer (${String(error)}): the letters lie there, untouched.`);
    });
    try {
      return await action(letters);
    } finally {
      await letters.close();
    }
  });
}

export async function withPurging<Result>(action: (broker: Purging) => Promise<Result>): Promise<Result> {
  const broker = await openPurging(here().amqp).catch((error: unknown) => {
    throw new Sentence(`RabbitMQ does not answer (${String(error)}): nothing was purged.`);
  });
  try {
    return await action(broker);
  } finally {
    await broker.close();
  }
}
