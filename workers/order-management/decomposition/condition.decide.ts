import type { Condition } from '../../../contracts/messages/decomposition.ts';
import { type Scope, asNumber, read, same, shown } from './scope.decide.ts';

/** Whether a condition holds, and why, in words. */
export interface Verdict {
  readonly holds: boolean;
  readonly because: string;
}

/** Holds a condition against a product. A characteristic that has no value fulfils `present: false` alone. */
export function judge(condition: Condition, scope: Scope): Verdict {
  if ('all' in condition) {
    const verdicts = condition.all.map((one) => judge(one, scope));
    const failed = verdicts.filter(({ holds }) => !holds);
    return failed.length === 0 ? joined(true, verdicts, ' and ') : joined(false, failed, ' and ');
  }
  if ('any' in condition) {
    const verdicts = condition.any.map((one) => judge(one, scope));
    const held = verdicts.filter(({ holds }) => holds);
    return held.length > 0 ? joined(true, held, ' and ') : joined(false, verdicts, ' and ');
  }
  if ('not' in condition) {
    const { holds, because } = judge(condition.not, scope);
    return { holds: !holds, because };
  }
  const { characteristic } = condition;
  const { value } = read(scope, characteristic);
  if ('present' in condition) {
    const there = value !== undefined;
    return {
      holds: there === condition.present,
      because: `${characteristic} is ${there ? shown(value) : 'not given'}`,
    };
  }
  if (value === undefined) return { holds: false, because: `${characteristic} is not given` };
  if ('is' in condition) {
    const holds = same(value, condition.is);
    const not = holds ? '' : `, not ${shown(condition.is)}`;
    return { holds, because: `${characteristic} is ${shown(value)}${not}` };
  }
  if ('in' in condition) {
    const holds = condition.in.some((one) => same(one, value));
    const choice = condition.in.map(shown).join(', ');
    return { holds, because: `${characteristic} is ${shown(value)}, ${holds ? 'one' : 'none'} of ${choice}` };
  }
  const number = asNumber(value);
  if (number === undefined)
    return { holds: false, because: `${characteristic} is ${shown(value)}, which is no number` };
  if ('atLeast' in condition) {
    const holds = number >= condition.atLeast;
    return {
      holds,
      because: `${characteristic} is ${number}, ${holds ? 'at least' : 'less than'} ${condition.atLeast}`,
    };
  }
  const holds = number <= condition.atMost;
  return { holds, because: `${characteristic} is ${number}, ${holds ? 'at most' : 'more than'} ${condition.atMost}` };
}

const joined = (holds: boolean, verdicts: readonly Verdict[], word: string): Verdict => ({
  holds,
  because: verdicts.map(({ because }) => because).join(word),
});
