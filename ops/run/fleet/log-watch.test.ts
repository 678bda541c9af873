import { appendFileSync, existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { warningIn, watchLogs, type Warning } from './log-watch.ts';

const line = (level: number, msg: string, more: object = {}) => `${JSON.stringify({ level, msg, ...more })}\n`;

test('only warnings and worse are for people', () => {
  expect(warningIn(line(30, 'started'))).toBeUndefined();
  expect(warningIn(line(40, 'paused'))).toBe('paused');
  expect(warningIn(line(50, 'could not publish', { err: { message: 'closed' } }))).toBe('could not publish: closed');
  expect(warningIn('plain text, not JSON')).toBeUndefined();
  expect(warningIn(line(30, 'says "level":50 in its text'))).toBeUndefined();
});

test('the same warning is passed on once, half a line waits for its rest', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'watch-')), 'role.log');
  const heard: Warning[] = [];
  const end = watchLogs(new Map([['role', file]]), (warning) => heard.push(warning), 10);
  appendFileSync(file, line(40, 'paused') + line(40, 'paused') + line(40, 'lost').slice(0, 8));
  await expect.poll(() => heard).toEqual([{ source: 'role', message: 'paused', times: 1 }]);
  appendFileSync(file, line(40, 'lost').slice(8));
  await expect.poll(() => heard.length).toBe(2);
  expect(heard[1]?.message).toBe('lost');
  end();
});

test('a log that grows too large is set aside and emptied', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'watch-')), 'role.log');
  const end = watchLogs(new Map([['role', file]]), () => {}, 10);
  const chunk = line(30, 'x'.repeat(1_000_000));
  for (let written = 0; written < 22; written++) appendFileSync(file, chunk);
  await expect.poll(() => existsSync(`${file}.1`), { timeout: 5_000 }).toBe(true);
  await expect.poll(() => statSync(file).size).toBe(0);
  expect(readFileSync(`${file}.1`).length).toBeGreaterThan(20_000_000);
  end();
});
