/** What a recovery policy says to do about a delivery that went wrong. */
import type { ErrorClass, RecoveryPolicy, RecoveryStep } from '../../../contracts/messages/decomposition.ts';

/** What is done where no policy speaks: nothing is left half done, and nothing is tried blindly. */
const otherwise: Pick<RecoveryPolicy, 'cases'> = {
  cases: { partial: [{ do: 'keep' }], any: [{ do: 'compensate' }] },
};

const policyFor = (policies: readonly RecoveryPolicy[], serviceType: string): Pick<RecoveryPolicy, 'cases'> =>
  policies.find((one) => one.serviceType === serviceType) ??
  policies.find((one) => one.serviceType === '*') ??
  otherwise;

const stepsFor = (
  policies: readonly RecoveryPolicy[],
  serviceType: string,
  errorClass: ErrorClass,
): readonly RecoveryStep[] => {
  const { cases } = policyFor(policies, serviceType);
  return cases[errorClass] ?? cases.any ?? otherwise.cases[errorClass] ?? [{ do: 'compensate' }];
};

/** The policies that speak for these service types, for an order to keep. */
export const policiesFor = (policies: readonly RecoveryPolicy[], serviceTypes: ReadonlySet<string>): RecoveryPolicy[] =>
  policies.filter(({ serviceType }) => serviceType === '*' || serviceTypes.has(serviceType));

export type Course =
  | { readonly do: 'retry'; readonly waitMs: number; readonly attempt: number; readonly of: number }
  | { readonly do: 'compensate' | 'rollBack' | 'markPartial' | 'keep' | 'hold' };

interface Trouble {
  readonly serviceType: string;
  readonly errorClass: ErrorClass;
  /** How often it was tried again for this class of errors. */
  readonly retried: number;
  /** The order may go on without it. */
  readonly canBeLeftOut: boolean;
}

/** The step whose turn it is: steps that cannot be taken here are passed over; one that ends it always comes. */
export function courseFor(policies: readonly RecoveryPolicy[], trouble: Trouble): Course {
  let retried = trouble.retried;
  for (const step of stepsFor(policies, trouble.serviceType, trouble.errorClass)) {
    if (step.do === 'retry') {
      if (retried < step.attempts)
        return { do: 'retry', waitMs: milliseconds(step.wait), attempt: retried + 1, of: step.attempts };
      retried -= step.attempts;
    } else if (
      step.do === 'markPartial' ? trouble.canBeLeftOut : step.do !== 'keep' || trouble.errorClass === 'partial'
    )
      return { do: step.do };
  }
  return { do: 'compensate' };
}

/** What to do when taking back itself goes wrong: the same again as often as the policy has it, then a person, or it stays. */
export function courseForUndo(
  policies: readonly RecoveryPolicy[],
  { serviceType, errorClass, retried }: Omit<Trouble, 'canBeLeftOut'>,
): Extract<Course, { do: 'retry' }> | { readonly do: 'hold' | 'leave' } {
  const steps = stepsFor(policies, serviceType, errorClass);
  let left = retried;
  for (const step of steps) {
    if (step.do !== 'retry') continue;
    if (left < step.attempts)
      return { do: 'retry', waitMs: milliseconds(step.wait), attempt: left + 1, of: step.attempts };
    left -= step.attempts;
  }
  return { do: steps.some((step) => step.do === 'hold') ? 'hold' : 'leave' };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };

/** `500ms`, `5s`, `2min`, `1h`; what is none of them is no wait. */
export function milliseconds(wait: string): number {
  const [, amount = '0', unit = 'ms'] = /^(\d+)(ms|s|min|h)$/u.exec(wait) ?? [];
  return Number(amount) * (units[unit] ?? 0);
}
