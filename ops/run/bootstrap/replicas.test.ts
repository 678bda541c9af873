import { expect, test } from 'vitest';
import { parseReplicas } from './replicas.ts';

test.each([
  [[], {}, 1],
  [[], { PATCHBAY_REPLICAS: '2' }, 2],
  [['--replicas', '3'], { PATCHBAY_REPLICAS: '2' }, 3],
  [['--replicas=4'], {}, 4],
])('%j with %j is %i', (args, env, expected) => {
  expect(parseReplicas(args, env)).toBe(expected);
});

test.each([[['--replicas']], [['--replicas', 'many']], [['--replicas', '0']], [['--replica', '2']]])(
  '%j is a sentence',
  (args) => {
    expect(() => parseReplicas(args, {})).toThrow(/^".*" is not/);
  },
);
