import type { ActivateItem, StepDirection } from '../../../contracts/messages/activation.ts';
import type { Characteristics } from '../../../contracts/messages/values.ts';
import type { Activator, Step } from '../../../workers/activation/activator.ts';
import type { Ending } from './ending.ts';
import { createRuntime, stallOf } from './runtime.ts';
import { type Sample, specificationOf } from './sample.ts';
import { type Turn, take } from './turn.ts';
import type { Witness } from './witness.ts';

/** Every service is filed under this name: each is alone on its network. */
export const serviceRef = 'service-1';

/** One service of the activator under test, changed as orders change it. */
export interface Service {
  add(): Promise<Ending>;
  modify(change: Characteristics): Promise<Ending>;
  suspend(): Promise<Ending>;
  resume(): Promise<Ending>;
  remove(): Promise<Ending>;
  /** One step by itself, under a reference of its own, on a network in good order. */
  step(step: Step<unknown>, direction: StepDirection): Promise<Ending>;
  /** The turn that `step` would take, to take it by hand. */
  turn(step: Step<unknown>, direction: StepDirection): Turn;
  /** Keeps what a step landed that was carried out by itself. */
  keep(landed: Characteristics): void;
}

export interface ServiceOptions {
  readonly activator: Activator;
  readonly witness: Witness;
  readonly sample: Sample;
  readonly networkUrl: string;
  readonly hurried: boolean;
}

export function createService({ activator, witness, sample, networkUrl, hurried }: ServiceOptions): Service {
  const crashed = (): boolean => witness.crashes.length > 0;
  const runtime = createRuntime({ activator, networkUrl, hurried, crashed });
  const specification = specificationOf(activator.serviceType, sample);
  const supporting = sample.supporting ?? [];
  let known: Characteristics = {};
  let changes = 0;

  async function change(
    action: ActivateItem['action'],
    requested: Characteristics,
    operation?: 'suspend' | 'resume',
  ): Promise<Ending> {
    const fault = misfit(activator, action, requested);
    if (fault !== undefined) return { kind: 'broken', complaint: fault };
    changes += 1;
    const activation = await runtime.carryOut(`${serviceRef}.${changes}`, {
      orderId: `order-${changes}`,
      itemId: '1',
      action,
      serviceId: serviceRef,
      serviceType: activator.serviceType,
      claimNumber: changes,
      requested,
      previous: action === 'add' ? {} : known,
      supporting: [...supporting],
      specification,
      operation,
    });
    const { phase, characteristics, entries, failure } = activation;
    const [crash] = witness.crashes;
    if (crash !== undefined) return { kind: 'broken', complaint: crash };
    if (phase === 'failed') {
      const refused = entries.find(({ state }) => state === 'refused');
      return { kind: 'refused', step: refused?.step ?? '', code: failure?.code ?? '', reason: failure?.reason ?? '' };
    }
    if (phase !== 'completed' && phase !== 'partial') return { kind: 'broken', complaint: `${stallOf(activation)}.` };
    known = { ...requested, ...characteristics };
    return { kind: 'landed', characteristics: known };
  }

  function turn(step: Step<unknown>, direction: StepDirection): Turn {
    const parsed = activator.characteristics.safeParse(sample.want);
    if (!parsed.success) throw new Error(misfit(activator, 'add', sample.want));
    changes += 1;
    return {
      step,
      direction,
      reference: `${serviceRef}.${changes}.by-itself`,
      url: `${networkUrl}/${step.on.name}`,
      input: {
        ref: serviceRef,
        want: parsed.data,
        facts: known,
        supporting: (serviceType) => supporting.find((one) => one.serviceType === serviceType),
        specification,
      },
    };
  }

  return {
    add: () => change('add', sample.want),
    modify: (values) => change('modify', { ...known, ...values }),
    suspend: () => change('modify', known, 'suspend'),
    resume: () => change('modify', known, 'resume'),
    remove: () => change('delete', known),
    turn,
    step: (step, direction) => take(turn(step, direction)),
    keep(landed) {
      known = { ...known, ...landed };
    },
  };
}

/** What the activator's schema has against the characteristics. */
function misfit(activator: Activator, action: ActivateItem['action'], requested: Characteristics): string | undefined {
  const parsed = activator.characteristics.safeParse(requested);
  if (parsed.success) return undefined;
  const wrong = parsed.error.issues
    .map(({ path, message }) => `${path.join('.') || 'characteristics'}: ${message}`)
    .join('; ');
  return action === 'add'
    ? `The characteristics schema refuses the sample: ${wrong}.`
    : `The characteristics schema refuses what the service is by then (${JSON.stringify(requested)}), so that it cannot be changed any more: ${wrong}.`;
}
