import type { RecoveryPolicy, RecoveryStep } from '../../../contracts/messages/decomposition.ts';
import type { Say } from './lint-values.decide.ts';

/** Whether a step ends it wherever it is taken; the others may pass it on to the next. */
const endsIt = ({ do: what }: RecoveryStep, errorClass: string): boolean =>
  what === 'compensate' || what === 'rollBack' || what === 'hold' || (what === 'keep' && errorClass === 'partial');

/** The steps of a policy's cases: the last one ends it, and none stands behind one that does. */
export function lintPolicy({ cases }: RecoveryPolicy, say: Say): void {
  for (const [errorClass, steps = []] of Object.entries(cases)) {
    steps.forEach((step, index) => {
      const at = ['cases', errorClass, index];
      const last = index === steps.length - 1;
      const keeps = errorClass === 'partial' || (errorClass === 'any' && cases.partial === undefined && !last);
      if (step.do === 'keep' && !keeps)
        say(at, `"keep" takes a service as it is, which there is for "partial" alone, not for "${errorClass}".`);
      else if (last && step.do === 'retry')
        say(
          at,
          'A retry cannot be the last step: say what is done when it does not help (compensate, rollBack, hold).',
        );
      else if (last && step.do === 'markPartial')
        say(at, 'Marking partial cannot be the last step: say what is done where the component is not optional.');
      else if (!last && endsIt(step, errorClass)) say(at, `No step behind "${step.do}" is ever taken: it ends it.`);
    });
  }
}
