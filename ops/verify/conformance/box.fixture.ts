/** A service type in good order and its simulated platforms, for tests that spoil one thing about it. */
import { z } from 'zod';
import { activator } from '../../../workers/activation/activator.ts';
import { elementManager } from '../../../workers/calls/element-manager.ts';
import type { Platform } from '../../../workers/calls/platform.ts';
import { type Manager, manager, operationsOn, refuse } from '../../simulator/manager.ts';

const operation = operationsOn<Slot>();
const nothing = z.strictObject({});
const slot = z.strictObject({
  slot: z.string().optional(),
  rate: z.number().optional(),
  label: z.string().optional(),
  paused: z.literal(true).optional(),
});
type Slot = z.output<typeof slot>;

/** A cabinet of slots. `clumsy` does a thing again when it is called again. */
const cabinet = (name: 'cabinet' | 'clumsy'): Manager =>
  manager<Slot>({
    name,
    title: 'Cabinet',
    idempotent: name === 'cabinet',
    holdings: slot,
    claims: () => [],
    operations: {
      take: operation({
        summary: 'Takes a slot, or keeps the one it has',
        parameters: nothing,
        carryOut: (held, _, site) => {
          const taken = held.slot ?? `slot-${site.number('slot')}`;
          return { held: { ...held, slot: taken }, facts: { slot: taken } };
        },
        partial: (_, after) => after,
      }),
      empty: operation({
        summary: 'Takes a slot and forgets what was set on it',
        parameters: nothing,
        carryOut: (held, _, site) => {
          const taken = held.slot ?? `slot-${site.number('slot')}`;
          return { held: { slot: taken }, facts: { slot: taken } };
        },
        partial: (before) => before,
      }),
      set: operation({
        summary: 'Sets the slot up',
        parameters: z.strictObject({ rate: z.number(), label: z.string(), note: z.number().optional() }),
        carryOut: (held, { rate, label }) =>
          held.slot === undefined
            ? refuse('no-slot', 'take a slot first')
            : { held: { ...held, rate, label }, facts: { rate, label } },
        partial: (before, after) => ({ ...before, rate: after.rate }),
      }),
      unset: operation({
        summary: 'Clears the slot',
        parameters: nothing,
        carryOut: ({ slot: taken }) => ({ held: taken === undefined ? {} : { slot: taken }, facts: {} }),
        partial: ({ slot: taken, rate }) => ({ slot: taken, rate }),
      }),
      leave: operation({
        summary: 'Gives the slot back',
        parameters: nothing,
        carryOut: () => ({ held: {}, facts: {} }),
        partial: (before) => before,
      }),
      expel: operation({
        summary: 'Gives the slot back, if there is one',
        parameters: nothing,
        carryOut: (held) => (held.slot === undefined ? refuse('no-slot', 'there is none') : { held: {}, facts: {} }),
        partial: (before) => before,
      }),
      pause: operation({
        summary: 'Holds the slot off the network',
        parameters: nothing,
        carryOut: (held) => ({ held: { ...held, paused: true }, facts: {} }),
        partial: (before) => before,
      }),
      go: operation({
        summary: 'Lets it go on',
        parameters: nothing,
        carryOut: ({ paused: _, ...held }) => ({ held, facts: {} }),
        partial: (before) => before,
      }),
    },
  });

export const managers = { cabinet: cabinet('cabinet'), clumsy: cabinet('clumsy') };

const done = z.looseObject({});
const platform = (name: keyof typeof managers) =>
  elementManager(name, {
    operations: {
      take: z.looseObject({ slot: z.string() }),
      empty: z.looseObject({ slot: z.string() }),
      set: z.looseObject({ rate: z.number(), label: z.string() }),
      unset: done,
      leave: done,
      expel: done,
      pause: done,
      go: done,
    },
  });

export const box = platform('cabinet');
export const clumsy = platform('clumsy');
type Net = typeof box extends Platform<infer Client> ? Client : never;

const characteristics = z.object({ rate: z.number(), label: z.string(), slot: z.string().optional() });
export type Want = z.output<typeof characteristics>;

export const sample = { want: { rate: 100, label: 'a' }, change: { rate: 200, label: 'b' } };

type Declaration = Parameters<typeof activator<typeof characteristics>>[0];
type Shape = Parameters<Parameters<Declaration['steps']>[0]>[1];
/** One step of the good activator, with what a test spoils. */
export type Spoilt = { readonly [Key in keyof Shape]?: unknown };

/** The good activator, with what a test spoils about its steps, its platform and its schema. */
export function boxActivator(
  spoilt: {
    readonly take?: Spoilt;
    readonly set?: Spoilt;
    readonly on?: Platform<Net>;
    readonly characteristics?: z.ZodType;
  } = {},
) {
  const on = spoilt.on ?? box;
  return activator({
    serviceType: 'box',
    characteristics: (spoilt.characteristics ?? characteristics) as typeof characteristics,
    steps: (step) => [
      step('take', {
        on,
        uses: [],
        apply: (_, net) => net.take(),
        undo: (_, net) => net.leave(),
        lands: ({ slot: taken }) => ({ characteristics: { slot: taken } }),
        ...(spoilt.take as object),
      }),
      step('set', {
        on,
        uses: ['rate', 'label'],
        apply: ({ want: { rate, label } }, net) => net.set({ rate, label }),
        undo: (_, net) => net.unset(),
        suspend: (_, net) => net.pause(),
        resume: (_, net) => net.go(),
        lands: ({ rate, label }) => ({ characteristics: { rate, label } }),
        ...(spoilt.set as object),
      }),
    ],
  });
}
