import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureInstalled, finishInstallation, fingerprint, isInstalled } from './install.mjs';

const ours = join(import.meta.dirname, '../../..');

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

test('packages without the development ones are not installed: the next start completes them', () => {
  const clone = aClone();
  const node = join(clone, 'node_modules/node/bin/node');
  writeFileSync(node, '#!/bin/sh\n', { mode: 0o755 });
  chmodSync(node, 0o755);
  cpSync(join(ours, 'node_modules/postgres'), join(clone, 'node_modules/postgres'), { recursive: true });
  const lockOf = (...paths: string[]) =>
    JSON.stringify({ packages: Object.fromEntries(paths.map((path) => [path, { optional: path.endsWith('mac') }])) });
  const all = ['', 'node_modules/zod', 'node_modules/vitest', 'node_modules/build-for-mac'];
  writeFileSync(join(clone, 'package-lock.json'), lockOf(...all));
  const installed = join(clone, 'node_modules/.package-lock.json');

  writeFileSync(installed, lockOf('node_modules/zod'));
  finishInstallation(clone);
  expect(isInstalled(clone)).toBe(false);

  writeFileSync(installed, lockOf('node_modules/zod', 'node_modules/vitest'));
  finishInstallation(clone);
  expect(isInstalled(clone)).toBe(true);
});

test('an installation is exact or fails: what npm ci refuses is said, nothing else is tried, what was there stays', async () => {
  const clone = mkdtempSync(join(tmpdir(), 'clone '));
  mkdirSync(join(clone, 'extra'));
  const write = (file: string, content: object) => writeFileSync(join(clone, file), JSON.stringify(content));
  write('extra/package.json', { name: 'extra', version: '1.0.0' });
  write('package.json', { name: 'clone', version: '1.0.0', dependencies: { extra: 'file:extra' } });
  write('package-lock.json', { name: 'clone', version: '1.0.0', lockfileVersion: 3, packages: { '': {} } });
  mkdirSync(join(clone, 'node_modules/postgres'), { recursive: true });
  await expect(ensureInstalled(clone)).rejects.toThrow(/^npm ci failed .* run "npm install --package-lock-only"/);
  expect(readdirSync(join(clone, 'node_modules'))).toEqual(['postgres']);
}, 60_000);
