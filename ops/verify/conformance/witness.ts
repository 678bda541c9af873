import type { StepDirection } from '../../../contracts/messages/activation.ts';
import { characteristics, resource } from '../../../contracts/messages/values.ts';
import type { Activator, Landed, Step, StepInput } from '../../../workers/activation/activator.ts';
import {
  type CallContext,
  OutcomeUnknown,
  type Platform,
  PlatformNotReached,
  PlatformRefusal,
} from '../../../workers/calls/platform.ts';

/** One call that a step made, as it left the step. */
export interface WitnessedCall {
  readonly step: string;
  readonly direction: StepDirection;
  readonly platform: string;
  readonly reference: string;
  readonly operation: string;
  readonly parameters: unknown;
}

/** What steps did while somebody looked. */
export interface Witness {
  readonly calls: WitnessedCall[];
  /** Characteristics that `apply` and `lands` of a step read, by step. */
  readonly reads: Map<string, Set<string>>;
  /** What the activator's own code threw, or made that the inventory cannot keep, as sentences. */
  readonly crashes: string[];
  /** Who a call is laid at; nobody while an outside system is asked how far it is. */
  caller: { readonly step: string; readonly direction: StepDirection } | undefined;
}

/** The same activator, with somebody who writes down what its steps read of `want`, what they call and what they throw. */
export function witnessed(activator: Activator): { readonly activator: Activator; readonly witness: Witness } {
  const witness: Witness = { calls: [], reads: new Map(), crashes: [], caller: undefined };
  return { activator: { ...activator, steps: activator.steps.map((step) => watched(step, witness)) }, witness };
}

function watched(step: Step<unknown>, witness: Witness): Step<unknown> {
  const { name } = step;
  const reads = new Set<string>();
  witness.reads.set(name, reads);
  const crashed = (what: string, error: unknown): never => {
    if (!isOfNetwork(error)) witness.crashes.push(`Step ${name}: ${what} throws ${described(error)}.`);
    throw error;
  };
  const moving = (direction: StepDirection, move: Step<unknown>['apply']): Step<unknown>['apply'] =>
    async function moved(input, network) {
      witness.caller = { step: name, direction };
      try {
        return await move(direction === 'apply' ? recorded(input) : input, network);
      } catch (error) {
        return crashed(direction, error);
      }
    };
  const recorded = (input: StepInput<unknown>): StepInput<unknown> => ({ ...input, want: reading(input.want, reads) });
  const { external } = step;
  return {
    ...step,
    on: watchedPlatform(step.on, witness),
    apply: moving('apply', step.apply),
    undo: moving('undo', step.undo),
    suspend: step.suspend && moving('suspend', step.suspend),
    resume: step.resume && moving('resume', step.resume),
    lands(result, input) {
      try {
        const landed = step.lands(result, recorded(input));
        const fault = landedFault(name, landed, result);
        if (fault !== undefined) witness.crashes.push(fault);
        return landed;
      } catch (error) {
        return crashed('lands', error);
      }
    },
    external: external && {
      ...external,
      read(input, network) {
        witness.caller = undefined;
        return external.read(recorded(input), network);
      },
    },
  };
}

/** What the inventory could not keep of what a step landed. */
export function landedFault(step: string, landed: Landed, result: unknown): string | undefined {
  const wrong = Object.entries(landed.characteristics ?? {}).find(
    ([name, value]) => value === undefined || !characteristics.safeParse({ [name]: value }).success,
  );
  if (wrong !== undefined)
    return `Step ${step}: lands gives "${wrong[0]}" a value that is not JSON, of the result ${JSON.stringify(result)}: the inventory cannot keep it.`;
  return resource.array().safeParse(landed.resources ?? []).success
    ? undefined
    : `Step ${step}: lands gives a resource without a proper id, name and type: ${JSON.stringify(landed.resources)}.`;
}

/** Characteristics that tell when one of them is looked at; looking at all of them counts for each. */
function reading(want: unknown, reads: Set<string>): unknown {
  if (typeof want !== 'object' || want === null) return want;
  return new Proxy(want, {
    get(target, name) {
      if (typeof name === 'string') reads.add(name);
      return Reflect.get(target, name) as unknown;
    },
  });
}

function watchedPlatform(platform: Platform, witness: Witness): Platform {
  return {
    ...platform,
    connect(context: CallContext) {
      const client = platform.connect(context);
      if (typeof client !== 'object' || client === null) return client;
      return new Proxy(client, {
        get(target, name) {
          const method = Reflect.get(target, name) as unknown;
          if (typeof method !== 'function' || typeof name !== 'string') return method;
          return (...parameters: unknown[]): unknown => {
            const { reference } = context;
            if (witness.caller !== undefined)
              witness.calls.push({
                ...witness.caller,
                platform: platform.name,
                reference,
                operation: name,
                // As it goes over the wire: `undefined` and nothing are the same there.
                parameters: JSON.parse(JSON.stringify(parameters[0] ?? {})) as unknown,
              });
            return Reflect.apply(method, target, parameters);
          };
        },
      });
    },
  };
}

/** An error that comes from the network, not from the activator's own code. */
const isOfNetwork = (error: unknown): boolean =>
  error instanceof OutcomeUnknown ||
  error instanceof PlatformNotReached ||
  error instanceof PlatformRefusal ||
  (error instanceof DOMException && (error.name === 'TimeoutError' || error.name === 'AbortError'));

export const described = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
