import { expect, test } from 'vitest';

import { isDryRun } from './dry-run.ts';

test('a dry run is asked for by dryRun=true, and by nothing else', () => {
  expect(isDryRun(new URLSearchParams('a=b'))).toBe(false);
  expect(isDryRun(new URLSearchParams('dryRun=true'))).toBe(true);
  for (const query of ['dryRun=false', 'dryRun=', 'dryRun=True', 'dryRun=true&dryRun=no'])
    expect(() => isDryRun(new URLSearchParams(query))).toThrow('dryRun is true, or left out.');
});
