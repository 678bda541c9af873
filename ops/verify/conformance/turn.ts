import { setTimeout as sleep } from 'node:timers/promises';
import type { StepDirection } from '../../../contracts/messages/activation.ts';
import type { Landed, Step, StepInput } from '../../../workers/activation/activator.ts';
import { type CallContext, PlatformRefusal, type ReadBack, isPending } from '../../../workers/calls/platform.ts';
import type { Ending } from './ending.ts';
import { pace } from './runtime.ts';
import { described, landedFault } from './witness.ts';

/** One step by itself: what it is called with, and where. */
export interface Turn {
  readonly step: Step<unknown>;
  readonly direction: StepDirection;
  readonly input: StepInput<unknown>;
  readonly reference: string;
  /** Address of the step's platform. */
  readonly url: string;
}

/** As often as an outside system is asked at most. */
const looks = 500;
const patienceMs = 10_000;

/** Takes a turn, once, on a network in good order. */
export async function take(turn: Turn): Promise<Ending> {
  const { step, direction } = turn;
  try {
    const result = await call(turn);
    const { characteristics = {} } = direction === 'apply' ? step.lands(result, turn.input) : {};
    return { kind: 'landed', characteristics };
  } catch (error) {
    if (error instanceof PlatformRefusal)
      return { kind: 'refused', step: step.name, code: error.code, reason: error.message };
    return { kind: 'broken', complaint: `Step ${step.name}: ${direction} throws ${described(error)}.` };
  }
}

/** Makes one call, and waits where an outside system took the work on. */
export async function call(turn: Turn): Promise<unknown> {
  const { step, direction, input } = turn;
  const move = step[direction];
  if (move === undefined) throw new TypeError(`the step declares no ${direction}`);
  let result = await move(input, step.on.connect(contextOf(turn)));
  for (let asked = 0; isPending(result); asked += 1) {
    if (step.external === undefined) throw new TypeError('it answers pending but the step declares no external');
    if (asked === looks) throw new PlatformRefusal('tooLate', 'the outside system never came to an end');
    await sleep(pace.jumpMs);
    result = await step.external.read(input, step.on.connect(contextOf(turn)));
  }
  return result;
}

/** Looks what the platform has done under the turn's reference. */
export const look = (turn: Turn): Promise<ReadBack> => turn.step.on.readBack(contextOf(turn));

/** What `lands` makes of a result, or what is wrong with that. */
export function lands({ step, input }: Turn, result: unknown): Landed | { readonly complaint: string } {
  try {
    const landed = step.lands(result, input);
    const fault = landedFault(step.name, landed, result);
    return fault === undefined ? landed : { complaint: fault };
  } catch (error) {
    return {
      complaint: `Step ${step.name}: lands throws ${described(error)} on the result ${JSON.stringify(result)}.`,
    };
  }
}

const contextOf = ({ url, reference, input }: Turn): CallContext => ({
  url,
  reference,
  serviceRef: input.ref,
  callbackUrl: `${url}/callback`,
  signal: AbortSignal.timeout(patienceMs),
});
