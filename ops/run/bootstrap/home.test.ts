import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { claimHome, homeAt, ownerOf, prepareHome } from './home.ts';
import { identify, isRunning } from './process-identity.ts';

const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

function aHome() {
  const home = homeAt(join(mkdtempSync(join(tmpdir(), 'a home ')), '.patchbay'));
  prepareHome(home);
  return home;
}

function aProcess() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  children.push(child);
  return child;
}

test('a home has one owner at a time', () => {
  const home = aHome();
  const release = claimHome(home);
  expect(() => claimHome(home)).toThrow(`Patchbay already runs in ${home.root} (process ${process.pid})`);
  release();
  expect(ownerOf(home)).toBeUndefined();
  claimHome(home)();
});

test('the home of a process that died is free again', () => {
  const home = aHome();
  const child = aProcess();
  const owner = identify(child.pid!);
  writeFileSync(home.ownerFile, JSON.stringify(owner));
  expect(() => claimHome(home)).toThrow('already runs');
  writeFileSync(home.ownerFile, JSON.stringify({ ...owner, started: 'another boot/1' }));
  claimHome(home)();
  expect(existsSync(home.ownerFile)).toBe(false);
});

test('half a record is nobody', () => {
  const home = aHome();
  writeFileSync(home.ownerFile, '{"pid":');
  expect(ownerOf(home)).toBeUndefined();
  claimHome(home)();
});

test('a process is not mistaken for a later one with its number', async () => {
  const child = aProcess();
  const identity = identify(child.pid!)!;
  expect(isRunning(identity)).toBe(true);
  expect(isRunning({ ...identity, started: 'earlier' })).toBe(false);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  expect(isRunning(identity)).toBe(false);
});
