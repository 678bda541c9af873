import type { DecompositionRule } from '../../../contracts/messages/decomposition.ts';

/** Takes a rule that is new. A version that is there is written: a later revision can retire it, and change nothing else. */
export function publish(
  known: DecompositionRule | undefined,
  rule: DecompositionRule,
): { readonly save?: readonly DecompositionRule[] } {
  if (known === undefined) return { save: [rule] };
  if (rule.revision <= known.revision) return {};
  return { save: [{ ...known, revision: rule.revision, lifecycleStatus: rule.lifecycleStatus }] };
}
