import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, connectDatabase } from '../../platform/database.ts';
import { pipelined } from '../../platform/messaging/pipelined.ts';
import { type Testbed, createTestbed } from '../testbed/testbed.ts';
import { type StatementCounter, countStatements } from './statement-counter.ts';

let testbed: Testbed;
let counter: StatementCounter;
let sql: Database;
beforeAll(async () => {
  testbed = await createTestbed();
  counter = await countStatements(testbed.databaseUrl);
  sql = connectDatabase(counter.url, { connections: 1, role: 'counted' });
  await sql`create table kept (word text)`;
});
afterAll(async () => {
  await sql?.end();
  await counter?.close();
  await testbed?.close();
});

test('a pipelined transaction takes two round trips', async () => {
  const roundTrips: number[] = [];
  for (let time = 0; time < 20; time += 1) {
    counter.startCounting();
    await pipelined(
      sql,
      (tx) => Promise.all([tx`select from kept where word = ${'a'}`, tx`select from kept where word = ${'b'}`]),
      (tx) => ({
        statements: ['a', 'b'].map((word) => tx`insert into kept values (${word})`),
        result: undefined,
      }),
    );
    expect(counter.counted()).toMatchObject({ statements: 6, transactions: 1 });
    roundTrips.push(counter.counted().roundTrips);
  }
  // The first time each statement is described, and a machine that is busy hands over in pieces what was sent at once.
  expect(Math.min(...roundTrips)).toBe(2);
});
