import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startInBackground } from './background-process.ts';
import { endLeftovers } from './leftovers.ts';

const aFolder = () => mkdtempSync(join(tmpdir(), 'left overs '));
const sleeper = (folder: string, name: string, script = 'setInterval(() => {}, 1000)') =>
  startInBackground({
    ...{ name, command: process.execPath, args: ['-e', script], env: {}, stopSignal: 'SIGTERM' as const },
    ...{ logFile: join(folder, `${name}.log`), recordsFolder: folder },
  });

test('what was left running is ended, the stubborn by force, and its records go', async () => {
  const folder = aFolder();
  const [willing, stubborn] = await Promise.all([
    sleeper(folder, 'willing'),
    sleeper(folder, 'stubborn', "process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000)"),
  ]);
  await expect.poll(() => readFileSync(join(folder, 'stubborn.log'), 'utf8')).toContain('deaf');
  expect((await endLeftovers(folder, 300)).toSorted()).toEqual(['stubborn', 'willing']);
  expect(await willing.ended).toEqual({ code: null, signal: 'SIGTERM' });
  expect(await stubborn.ended).toEqual({ code: null, signal: 'SIGKILL' });
  expect(existsSync(join(folder, 'willing.json'))).toBe(false);
});

test('a stranger with the number of one of ours is left alone', async () => {
  const folder = aFolder();
  const process = await sleeper(folder, 'stranger');
  const record = join(folder, 'stranger.json');
  const content = JSON.parse(readFileSync(record, 'utf8')) as object;
  writeFileSync(record, JSON.stringify({ ...content, started: 'yesterday' }));
  expect(await endLeftovers(folder, 300)).toEqual([]);
  expect(process.alive()).toBe(true);
  await process.stop(1_000);
});
