import { mkdirSync, mkdtempSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plainPath } from './plain-path.ts';

const aFolder = () => realpathSync(mkdtempSync(join(tmpdir(), 'plain-')));

test('a plain folder is itself', () => {
  const folder = aFolder();
  expect(plainPath(folder)).toBe(folder);
});

test.each(['a b', "it's", 'größe', 'x;y'])('%j gets a link without odd characters, the same one each time', (name) => {
  const folder = join(aFolder(), name);
  mkdirSync(folder);
  const link = plainPath(folder);
  expect(link).toMatch(/^[\w/-]+$/);
  expect(readlinkSync(link)).toBe(folder);
  expect(plainPath(folder)).toBe(link);
  rmSync(link);
  expect(plainPath(folder)).toBe(link);
  rmSync(link);
});
