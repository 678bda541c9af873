import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fingerprint, isInstalled } from './install.mjs';

function aClone() {
  const clone = mkdtempSync(join(tmpdir(), 'clone '));
  mkdirSync(join(clone, 'node_modules/node/bin'), { recursive: true });
  writeFileSync(join(clone, 'node_modules/node/bin/node'), '');
  writeFileSync(join(clone, 'package-lock.json'), '{}');
  return clone;
}
const stamp = (clone: string) => writeFileSync(join(clone, 'node_modules/.patchbay-installed'), fingerprint(clone));

test('packages without a stamp are not installed: an interrupted npm leaves half of them', () => {
  expect(isInstalled(aClone())).toBe(false);
});

test('the stamp counts the content of the lock file, not its time', () => {
  const clone = aClone();
  stamp(clone);
  utimesSync(join(clone, 'package-lock.json'), new Date(), new Date(Date.now() + 100_000));
  expect(isInstalled(clone)).toBe(true);
  writeFileSync(join(clone, 'package-lock.json'), '{"changed":true}');
  expect(isInstalled(clone)).toBe(false);
});
