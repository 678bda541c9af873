import type { ActivateItem, StepDirection } from '../../contracts/messages/activation.ts';
import type { Characteristics } from '../../contracts/messages/values.ts';

/** What planning needs to know of a declared step. */
export interface StepOutline {
  readonly name: string;
  readonly platform: string;
  readonly uses: readonly string[] | undefined;
  /** Has `suspend` and `resume`. */
  readonly suspends: boolean;
  readonly optional: boolean;
  readonly milestone: string | undefined;
  /** Milliseconds an outside system has, and between two polls; undefined for a step that is done when it answers. */
  readonly external: { readonly deadlineMs: number; readonly pollMs: number } | undefined;
}

/** One entry of a plan: a step, which way, and with which values. */
export interface Planned {
  readonly step: string;
  readonly platform: string;
  readonly direction: StepDirection;
  readonly values: 'requested' | 'previous';
}

/**
 * What an order item comes to: all steps, all steps backwards, or those whose characteristics change and those an
 * earlier change had to leave out. A service is suspended after its changes, and changed after it is taken up again.
 */
export function planFor(
  {
    action,
    requested,
    previous,
    operation,
    missing = [],
  }: Pick<ActivateItem, 'action' | 'requested' | 'previous' | 'operation' | 'missing'>,
  steps: readonly StepOutline[],
): Planned[] {
  switch (action) {
    case 'add':
      return steps.map((step) => planned(step, 'apply'));
    case 'delete':
      return steps.toReversed().map((step) => planned(step, 'undo'));
    case 'modify': {
      const changes = steps
        .filter((step) => missing.includes(step.name) || touched(step, requested, previous))
        .map((step) => planned(step, 'apply'));
      const suspending = steps.filter((step) => step.suspends && !missing.includes(step.name));
      if (operation === 'suspend')
        return [...changes, ...suspending.toReversed().map((step) => planned(step, 'suspend'))];
      if (operation === 'resume') return [...suspending.map((step) => planned(step, 'resume')), ...changes];
      return changes;
    }
    default:
      return action satisfies never;
  }
}

const opposite = { apply: 'undo', undo: 'apply', suspend: 'resume', resume: 'suspend' } as const;

/** What takes landed entries back, last first: a changed value by the one before, everything else by its opposite. */
export function compensationFor(
  { action, missing = [] }: Pick<ActivateItem, 'action' | 'missing'>,
  landed: readonly Planned[],
): Planned[] {
  return landed
    .toReversed()
    .map(({ step, platform, direction, values }) =>
      action === 'modify' && direction === 'apply' && !missing.includes(step)
        ? { step, platform, direction, values: 'previous' }
        : { step, platform, direction: opposite[direction], values },
    );
}

const planned = ({ name, platform }: StepOutline, direction: StepDirection): Planned => ({
  step: name,
  platform,
  direction,
  values: 'requested',
});

function touched({ uses }: StepOutline, requested: Characteristics, previous: Characteristics): boolean {
  const names = uses ?? [...new Set([...Object.keys(requested), ...Object.keys(previous)])];
  return names.some((name) => JSON.stringify(requested[name]) !== JSON.stringify(previous[name]));
}
