import type { Characteristics, Failure } from '../../contracts/messages/values.ts';
import { type Activation, type Rules, outlineOf } from './activation.state.ts';

/** What speaks against going on with other characteristics than were asked for. Undefined when nothing does, or nothing changes. */
export function correctionFault(
  activation: Activation | undefined,
  requested: Characteristics | undefined,
  rules: Pick<Rules, 'steps'>,
): Failure | undefined {
  if (activation === undefined || requested === undefined) return undefined;
  const { command, entries, position } = activation;
  const names = new Set([...Object.keys(requested), ...Object.keys(command.requested)]);
  const changed = [...names].filter((name) => !isSame(requested[name], command.requested[name]));
  if (changed.length === 0) return undefined;
  const open = entries[position];
  if (open?.uncertainSince !== undefined) {
    const reason = `Whether ${open.step} took effect as it was asked is not known: retry it as it is first.`;
    return { code: 'outcomeUnknown', reason };
  }
  const landed = entries.filter(({ state }) => state === 'landed');
  for (const entry of landed) {
    const uses = outlineOf(rules, entry)?.uses;
    const used = changed.find((name) => uses === undefined || uses.includes(name));
    if (used === undefined) continue;
    const reason = `${used} cannot be changed any more: step ${entry.step} has landed with it. Fail the item, or order a modify when it is done.`;
    return { code: 'alreadyLanded', reason };
  }
  return undefined;
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
