import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Lock, type LockEntry, lockFaults, type Manifest } from './lock.ts';

const root = join(import.meta.dirname, '../../..');
const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
const committed = read('package-lock.json') as Lock;
const manifest = read('package.json') as Manifest;

const without = (...paths: string[]): Lock => ({
  packages: Object.fromEntries(Object.entries(committed.packages).filter(([path]) => !paths.includes(path))),
});
const changed = (path: string, change: LockEntry): Lock => ({
  packages: { ...committed.packages, [path]: { ...committed.packages[path], ...change } },
});

describe('package-lock.json', () => {
  test('is complete and exact: npm ci takes it; `npm install --package-lock-only` completes it', () => {
    expect(Object.keys(committed.packages).length).toBeGreaterThan(200);
    expect(lockFaults(committed, manifest)).toEqual([]);
  });

  // Each is what `npm ci` refuses, or what would make two installations differ.
  test.each<[string, Lock, RegExp]>([
    [
      'a platform build is missing',
      without('node_modules/@oxlint/binding-darwin-arm64'),
      /^node_modules\/oxlint wants @oxlint\/binding-darwin-arm64@\S+, which has no entry$/,
    ],
    [
      'a nested platform build is missing: the one above it is of another version',
      without('node_modules/knip/node_modules/@oxc-parser/binding-darwin-x64'),
      /^node_modules\/knip\/node_modules\/oxc-parser wants @oxc-parser\/binding-darwin-x64@\S+, node_modules\/@oxc-parser\/\S+ is /,
    ],
    ['a dependency is missing', without('node_modules/zod'), /^package\.json wants zod@\S+, which has no entry$/],
    [
      'a peer dependency is of another version',
      changed('node_modules/hono', { version: '3.0.0' }),
      /^node_modules\/@hono\/node-server wants hono@.+, node_modules\/hono is 3\.0\.0$/,
    ],
    ['a package has no integrity', changed('node_modules/zod', { integrity: undefined! }), /zod has no integrity/],
    [
      'a registry is named',
      changed('node_modules/zod', { resolved: 'https://registry.example.com/zod.tgz' }),
      /zod names where it came from \(https:/,
    ],
    [
      'a version is a tag',
      changed('node_modules/oxlint', { dependencies: { zod: 'latest' } }),
      /oxlint wants zod@latest, which is no range/,
    ],
  ])('is refused when %s', (_, lock, fault) => {
    expect(lockFaults(lock, manifest)).toContainEqual(expect.stringMatching(fault));
  });

  test('is refused when package.json names something else', () => {
    const { zod: _, ...fewer } = manifest.dependencies!;
    const fault = 'package.json and the lock file name different dependencies';
    expect(lockFaults(committed, { ...manifest, dependencies: fewer })).toEqual([fault]);
    expect(lockFaults(committed, { ...manifest, dependencies: { ...fewer, zod: '^4' } })).toEqual([fault]);
  });
});
