import { expect, test } from 'vitest';
import { parseConfiguration } from './configuration.ts';

const needed = { DATABASE_URL: 'postgres://here/db', AMQP_URL: 'amqp://here' };

test('what was deleted is fenced off at least as long as messages are known', () => {
  expect(parseConfiguration({ ...needed, JOURNAL_DAYS: '45' })).toMatchObject({ JOURNAL_DAYS: 45, DELETED_DAYS: 60 });
  expect(() => parseConfiguration({ ...needed, JOURNAL_DAYS: '61' })).toThrow(/DELETED_DAYS: .*JOURNAL_DAYS/);
});
