import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { madeOnce } from './made-once.ts';

const aFolder = () => join(mkdtempSync(join(tmpdir(), 'made-')), 'tree');

test('what two want at once is made once, and both find it whole', async () => {
  const folder = aFolder();
  let made = 0;
  const make = async (draft: string) => {
    made += 1;
    writeFileSync(join(draft, 'first'), '');
    await new Promise((wake) => setTimeout(wake, 50));
    expect(existsSync(folder)).toBe(false);
    writeFileSync(join(draft, 'last'), '');
  };
  await Promise.all([madeOnce(folder, make), madeOnce(folder, make)]);
  await madeOnce(folder, make);
  expect(made).toBe(1);
  expect(readdirSync(folder).toSorted()).toEqual(['first', 'last']);
});

test('what a killed process left half made is not taken for whole', async () => {
  const folder = aFolder();
  mkdirSync(`${folder}.draft`);
  writeFileSync(join(`${folder}.draft`, 'half'), '');
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(`${folder}.lock`, JSON.stringify({ pid, started: 'another boot/1' }));
  await madeOnce(folder, async (draft) => writeFileSync(join(draft, 'whole'), 'whole'));
  expect(readdirSync(folder)).toEqual(['whole']);
  expect(readdirSync(join(folder, '..'))).toEqual(['tree']);
});

test('what could not be made is tried again by the next', async () => {
  const folder = aFolder();
  await expect(madeOnce(folder, () => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
  expect(readdirSync(join(folder, '..'))).toEqual([]);
  await madeOnce(folder, async (draft) => writeFileSync(join(draft, 'whole'), 'whole'));
  expect(readFileSync(join(folder, 'whole'), 'utf8')).toBe('whole');
});
