import type { ActivateItem } from '../../../contracts/messages/activation.ts';
import type { Characteristics } from '../../../contracts/messages/values.ts';

/** What planning needs to know of a declared step. */
export interface StepOutline {
  readonly name: string;
  readonly platform: string;
  readonly uses: readonly string[] | undefined;
}

/** One entry of a plan: a step, which way, and with which values. */
export interface Planned {
  readonly step: string;
  readonly platform: string;
  readonly direction: 'apply' | 'undo';
  readonly values: 'requested' | 'previous';
}

/** What an order item comes to: all steps, all steps backwards, or those whose characteristics change. */
export function planFor({ action, requested, previous }: ActivateItem, steps: readonly StepOutline[]): Planned[] {
  switch (action) {
    case 'add':
      return steps.map((step) => planned(step, 'apply', 'requested'));
    case 'delete':
      return steps.toReversed().map((step) => planned(step, 'undo', 'requested'));
    case 'modify':
      return steps
        .filter((step) => touched(step, requested, previous))
        .map((step) => planned(step, 'apply', 'requested'));
    default:
      return action satisfies never;
  }
}

/** What takes landed entries back, last first: an apply of an add by its undo, one of a modify by the values before. */
export function compensationFor({ action }: Pick<ActivateItem, 'action'>, landed: readonly Planned[]): Planned[] {
  return landed
    .toReversed()
    .map((entry) =>
      action === 'modify'
        ? { ...entry, values: 'previous' }
        : { ...entry, direction: entry.direction === 'apply' ? 'undo' : 'apply' },
    );
}

const planned = (
  { name, platform }: StepOutline,
  direction: Planned['direction'],
  values: Planned['values'],
): Planned => ({
  step: name,
  platform,
  direction,
  values,
});

function touched({ uses }: StepOutline, requested: Characteristics, previous: Characteristics): boolean {
  const names = uses ?? [...new Set([...Object.keys(requested), ...Object.keys(previous)])];
  return names.some((name) => JSON.stringify(requested[name]) !== JSON.stringify(previous[name]));
}
