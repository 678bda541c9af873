import { appendFileSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { warningIn, watchLogs, type Warning } from './log-watch.ts';

const line = (level: number, msg: string, more: object = {}) => `${JSON.stringify({ level, msg, ...more })}\n`;

function aLog() {
  const folder = mkdtempSync(join(tmpdir(), 'watch-'));
  return { folder, file: join(folder, 'role.log') };
}

test('only warnings and worse are for people', () => {
  expect(warningIn(line(30, 'started'))).toBeUndefined();
  expect(warningIn(line(40, 'paused'))).toBe('paused');
  expect(warningIn(line(50, 'could not publish', { error: { message: 'closed' } }))).toBe('could not publish: closed');
  expect(warningIn('plain text, not JSON')).toBeUndefined();
  expect(warningIn(line(30, 'says "level":50 in its text'))).toBeUndefined();
});

test('the same warning is passed on once, half a line waits for its rest', async () => {
  const { folder, file } = aLog();
  const heard: Warning[] = [];
  const end = watchLogs(folder, (warning) => heard.push(warning), 10);
  appendFileSync(file, line(40, 'paused') + line(40, 'paused') + line(40, 'lost').slice(0, 8));
  await expect.poll(() => heard).toEqual([{ source: 'role', message: 'paused', times: 1 }]);
  appendFileSync(file, line(40, 'lost').slice(8));
  await expect.poll(() => heard.length).toBe(2);
  expect(heard[1]?.message).toBe('lost');
  end();
});

test('what an earlier start logged is kept and not told again', async () => {
  const { folder, file } = aLog();
  appendFileSync(file, line(50, 'of yesterday'));
  const heard: string[] = [];
  const end = watchLogs(folder, ({ message }) => heard.push(message), 10);
  appendFileSync(file, line(50, 'of today'));
  await expect.poll(() => heard).toEqual(['of today']);
  expect(readFileSync(file, 'utf8')).toContain('of yesterday');
  end();
});

test('a log that grows too large is set aside and emptied; four older parts are kept, and no more', async () => {
  const { folder, file } = aLog();
  const end = watchLogs(folder, () => {}, 10);
  const first = (part: number) => readFileSync(`${file}.${part}`, 'utf8').slice(0, 40);
  for (let round = 1; round <= 6; round++) {
    appendFileSync(file, line(30, `round ${round}`) + line(30, 'x'.repeat(11_000_000)));
    await expect.poll(() => statSync(file).size, { timeout: 5_000 }).toBe(0);
    expect(first(1)).toContain(`round ${round}`);
  }
  expect(readdirSync(folder).toSorted()).toEqual(['role.log', ...[1, 2, 3, 4].map((part) => `role.log.${part}`)]);
  expect(first(4)).toContain('round 3');
  end();
});
