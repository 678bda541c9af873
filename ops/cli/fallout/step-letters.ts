import { type RunStep, type SettleStep, runStep, settleStep } from '../../../contracts/messages/activation.ts';
import type { MessageDefinition } from '../../../contracts/messages/message.ts';
import { activatorControlQueue, activatorQueue } from '../../../contracts/topology.ts';
import type { Letter, Letters } from '../../platform/broker/letters.ts';
import type { Fallout } from './fallout.store.ts';
import { lookAgain } from './look-again.ts';

/** The step that a letter would run; undefined for any other letter, whatever it says. */
export const stepOf = (letter: Letter): RunStep | undefined => read(runStep, letter);
const wordOf = (letter: Letter): SettleStep | undefined => read(settleStep, letter);

function read<Body>({ name, schema }: MessageDefinition<Body>, { type, body }: Letter): Body | undefined {
  if (type !== name) return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Somebody broke it while editing.
    return undefined;
  }
}

/**
 * Takes the letters of a step that is settled: nobody needs to look at them again. Its own, those of its generations
 * before, and the corrections that were refused. If it stalls once more meanwhile, that letter is of a later generation.
 *
 * @param word the message that settled it
 */
export async function takeStepLetters(
  letters: Letters,
  { activationId, serviceType, position, steps }: Fallout,
  word: string,
): Promise<number> {
  const settled = steps[position]?.generation ?? 0;
  const isOfIt = (one: { activationId: string; position: number } | undefined): boolean =>
    one?.activationId === activationId && one.position === position;
  const takeOwn = (): Promise<number> =>
    letters.take(activatorQueue(serviceType), (letter) => {
      const step = stepOf(letter);
      return step !== undefined && isOfIt(step) && step.generation <= settled;
    });
  const own = (await lookAgain(async () => (await takeOwn()) || undefined)) ?? 0;
  const refused = await letters.take(
    activatorControlQueue(serviceType),
    (letter) => letter.id !== word && isOfIt(wordOf(letter)),
  );
  return own + refused;
}
