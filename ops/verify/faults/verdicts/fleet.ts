import type { Ended } from '../stage.ts';
import type { Verdict } from './verdict.ts';

/** Views are at the revision and state of what they show. */
export const viewsEqualDomain = (behind: readonly string[]): Verdict => ({
  name: 'views equal domain state',
  findings: behind,
});

/** Each revision's event was committed with it and reached the projector; none moved a view twice, or backwards. */
export const everyRevisionOnce = (astray: readonly string[]): Verdict => ({
  name: 'every event revision was projected, none twice',
  findings: astray,
});

/** Outbox empty, no claim and no intent left open, no dead letter. */
export const nothingIsLeft = (open: readonly string[], deadLetters: readonly string[]): Verdict => ({
  name: 'nothing is left: outbox, claims, intents, dead letters',
  findings: [...open, ...deadLetters],
});

/** No process ended but those we killed; at the end all left in order. */
export function endedInOrder(ended: readonly Ended[]): Verdict {
  const findings = ended.flatMap(({ name, asked, code, signal }) => {
    if (asked) return code === 0 ? [] : [`${name} was asked to end and did by ${signal ?? `code ${code}`}`];
    return signal === 'SIGKILL' ? [] : [`${name} ended by itself with ${signal ?? `code ${code}`}`];
  });
  return { name: 'processes end when killed or asked, and then in order', findings };
}
