import { serviceSpecification } from '../../../contracts/messages/service-catalog.ts';
import type { Characteristics } from '../../../contracts/messages/values.ts';
import { activatorTypes, loadActivators } from '../../../workers/activators/registry.ts';
import { activations } from '../../../workers/activation/activation.store.ts';
import { correctionFault } from '../../../workers/activation/correction.decide.ts';
import { outlineActivator } from '../../../workers/activation/outline.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { createContents } from '../../platform/contents.store.ts';
import { type Database, transaction } from '../../platform/database.ts';
import type { Fallout } from './fallout.store.ts';

/**
 * What the service shall be, with what a person put right.
 *
 * @param settings `name=value`: JSON, or text. Where text is there now, everything but a JSON string is taken as text.
 * @throws Sentence for a setting without a name
 */
export function corrected(requested: Characteristics, settings: readonly string[]): Characteristics {
  const set = settings.map((setting): [string, Characteristics[string]] => {
    const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(setting) ?? [];
    if (name === undefined) throw new Sentence(`Say --set name=value, not --set ${setting}.`);
    return [name, valueOf(value, typeof requested[name] === 'string')];
  });
  return { ...requested, ...Object.fromEntries(set) };
}

function valueOf(text: string, isText: boolean): Characteristics[string] {
  try {
    const value = JSON.parse(text) as Characteristics[string];
    return isText && typeof value !== 'string' ? text : value;
  } catch {
    return text;
  }
}

/**
 * Says before anything is sent what the activator would say to it.
 *
 * @throws Sentence when the step cannot go on with these characteristics
 */
export async function checkCorrection(sql: Database, one: Fallout, requested: Characteristics): Promise<void> {
  if (!(await activatorTypes()).includes(one.serviceType))
    throw new Sentence(`This release has no activator ${one.serviceType} to check the correction with.`);
  const outlines = (await loadActivators([one.serviceType])).map(outlineActivator);
  const of = activations({ contents: createContents(serviceSpecification) });
  const known = await transaction(sql, (tx) => of.load(tx, [one.activationId]));
  for (const { steps, faultOf } of outlines) {
    const fault = faultOf(requested) ?? correctionFault(known.get(one.activationId), requested, { steps });
    if (fault !== undefined) throw new Sentence(fault.reason);
  }
}
