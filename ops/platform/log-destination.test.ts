import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { mayMount, mountSmall, resize } from '../verify/testbed/small-partition.ts';

const fixture = fileURLToPath(new URL('log-destination.fixture.ts', import.meta.url));
const aFolder = () => mkdtempSync(join(tmpdir(), 'log-'));

/** Starts the fixture and gives it with what its burst dropped; a process that its log stops never says so. */
async function logging(stdout: number | 'pipe') {
  const child: ChildProcess = spawn(process.execPath, [fixture], { stdio: ['ignore', stdout, 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = (await once(child.stderr!, 'data')) as [Buffer];
  return {
    child,
    dropped: Number(said.toString()),
    async end(): Promise<unknown> {
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [unknown];
      return code;
    },
  };
}

const messagesIn = (lines: string) =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { n?: number; msg: string; dropped?: number; level: number });

test('every line gets into a file', async () => {
  const file = join(aFolder(), 'log');
  const descriptor = openSync(file, 'a');
  const { dropped, end } = await logging(descriptor);
  closeSync(descriptor);
  expect(dropped).toBe(0);
  expect(await end()).toBe(7);
  const messages = messagesIn(readFileSync(file, 'utf8'));
  expect(messages.slice(0, 3_000).map(({ n }) => n)).toEqual(Array.from({ length: 3_000 }, (_, n) => n));
  expect(messages.at(-1)).toMatchObject({ level: 60, msg: 'fatal' });
});

test('a device without space stops nothing: lines are dropped and counted, a fatal one and the end do not wait', async () => {
  const { dropped, end } = await logging(openSync('/dev/full', 'w'));
  expect(dropped).toBeGreaterThan(1_500);
  expect(await end()).toBe(7);
});

test('a reader that is gone stops nothing', async () => {
  const { child, dropped, end } = await logging('pipe');
  child.stdout!.destroy();
  expect(dropped).toBeGreaterThan(1_500);
  expect(await end()).toBe(7);
});

test('a socket that nobody reads stops nothing; read again, it tells how many lines were dropped and misses none else', async () => {
  const { child, dropped, end } = await logging('pipe'); // Node gives its children sockets
  expect(dropped).toBeGreaterThan(1_500);
  let output = '';
  child.stdout!.on('data', (chunk) => (output += String(chunk)));
  await expect.poll(() => output, { timeout: 5_000 }).toContain('"dropped":');
  expect(await end()).toBe(7);
  const messages = messagesIn(output.slice(0, output.lastIndexOf('\n')));
  const kept = messages.filter(({ msg }) => msg === 'burst');
  expect(kept.map(({ n }) => n)).toEqual(kept.map((_, index) => index));
  const told = messages.filter((message) => message.dropped !== undefined);
  expect(told.map((message) => message.level)).toEqual([40]);
  expect(kept.length + told[0]!.dropped!).toBeGreaterThanOrEqual(3_000);
});

test('a named pipe that nobody reads stops nothing', async () => {
  const pipe = join(aFolder(), 'pipe');
  spawnSync('/bin/sh', ['-c', 'mkfifo "$1"', 'sh', pipe]);
  const both = openSync(pipe, 'r+'); // a reader that does not read
  const { dropped, end } = await logging(both);
  expect(dropped).toBeGreaterThan(1_500);
  expect(await end()).toBe(7);
  closeSync(both);
});

test.skipIf(!mayMount)('a file on a full partition goes on, whole lines, once there is room', async () => {
  const folder = aFolder();
  onTestFinished(mountSmall(folder, 'size=64k'));
  writeFileSync(join(folder, 'other'), Buffer.alloc(60 * 1024));
  const file = join(folder, 'log');
  const descriptor = openSync(file, 'a');
  const { dropped, end } = await logging(descriptor);
  closeSync(descriptor);
  expect(dropped).toBeGreaterThan(1_500);
  rmSync(join(folder, 'other'));
  resize(folder, '4m');
  await expect.poll(() => readFileSync(file, 'utf8'), { timeout: 5_000 }).toContain('"dropped":');
  expect(await end()).toBe(7);
  const messages = messagesIn(readFileSync(file, 'utf8'));
  expect(messages.at(-1)).toMatchObject({ level: 60 });
});
