import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clone } from '../../run/bootstrap/home.ts';
import { type FaultRun, type Outcome, beginFaultRun } from './run.ts';
import { calm } from './scenarios/calm.ts';
import { everyTime } from './scenarios/index.ts';

/** Enough for a hundred to be under way whenever something dies; `npm run test:faults` takes more, of everything. */
const orders = 130;
const minutes = 60_000;

let run: FaultRun;
const abandoned = new AbortController();
const lines: string[] = [];
beforeAll(async () => {
  run = await beginFaultRun(join(clone, '.patchbay', 'test-faults'), (line) => lines.push(line), abandoned.signal);
}, 3 * minutes);
afterAll(async () => {
  if (run !== undefined) await run.end();
  abandoned.abort();
  console.log([...lines, run?.ledger() ?? ''].join('\n'));
}, 2 * minutes);

const findings = ({ verdicts }: Outcome): string[] =>
  verdicts.flatMap(({ name, findings: found }) => found.map((finding) => `${name}: ${finding}`));

// One system, one scenario after the other: what an earlier one left broken shows in the next.
describe('nothing is lost and nothing is done twice, whatever dies', () => {
  test.each([calm, ...everyTime])(
    '$title',
    async (scenario) => {
      expect(findings(await run.play(scenario, orders))).toEqual([]);
    },
    4 * minutes,
  );

  test(
    'processes end when killed or asked, and then in order',
    async () => {
      expect(findings(await run.end())).toEqual([]);
    },
    2 * minutes,
  );
});
