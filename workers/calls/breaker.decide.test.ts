import { expect, test } from 'vitest';
import { type Seen, whyOpen } from './breaker.decide.ts';

const seen = (what: Partial<Seen>): Seen => ({ state: 'closed', inARow: 1, silentMs: 0, ramp: undefined, ...what });

test.each<[string, Partial<Seen>, string | undefined]>([
  ['seven in a row under traffic', { inARow: 7 }, undefined],
  ['eight in a row', { inARow: 8 }, 'it does not answer'],
  ['three in a row, answered a moment ago', { inARow: 3, silentMs: 1_999 }, undefined],
  ['three in a row, silent for two seconds', { inARow: 3, silentMs: 2_000 }, 'it does not answer'],
  ['two in a row, silent for an hour', { inARow: 2, silentMs: 3_600_000 }, undefined],
  ['open already', { state: 'open', inARow: 100, silentMs: 100_000 }, undefined],
  ['one while ramping', { state: 'ramping', ramp: { outages: 1, answers: 0 } }, undefined],
  [
    'two while ramping, nothing answered',
    { state: 'ramping', ramp: { outages: 2, answers: 0 } },
    'it failed again while ramping up',
  ],
  ['two while ramping, as many answered', { state: 'ramping', ramp: { outages: 2, answers: 2 } }, undefined],
  [
    'three while ramping, two answered',
    { state: 'ramping', ramp: { outages: 3, answers: 2 } },
    'it failed again while ramping up',
  ],
  ['many in a row of calls from before the ramp', { state: 'ramping', inARow: 20, silentMs: 9_000 }, undefined],
])('%s', (_, what, reason) => expect(whyOpen(seen(what))).toBe(reason));
