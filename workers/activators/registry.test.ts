import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { activatorTypes } from './registry.ts';

test('a folder without an index.ts, such as one that git left behind, is no activator', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'activators-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ['voice', 'empty', 'broadband']) mkdirSync(join(folder, name));
  for (const file of ['voice/index.ts', 'broadband/index.ts', 'empty/notes.md', 'worker.ts'])
    writeFileSync(join(folder, file), '');
  expect(await activatorTypes(folder)).toEqual(['broadband', 'voice']);
});
