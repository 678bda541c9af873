import { Sentence } from './sentence.ts';

/**
 * How many processes of each role are wanted: `--replicas N`, else PATCHBAY_REPLICAS, else one.
 *
 * @throws Sentence when it is not a number from 1 to 8 (the block of health ports has room for so many)
 */
export function parseReplicas(args: readonly string[], env: NodeJS.ProcessEnv): number {
  const at = args.findIndex((arg) => arg === '--replicas' || arg.startsWith('--replicas='));
  const unknown = args.find(
    (arg, index) => index !== at && !(at >= 0 && args[at] === '--replicas' && index === at + 1),
  );
  if (unknown !== undefined) throw new Sentence(`"${unknown}" is not an option of start: there is --replicas N.`);
  const text = at < 0 ? env['PATCHBAY_REPLICAS'] || '1' : (args[at]!.split('=')[1] ?? args[at + 1] ?? '');
  const replicas = Number(text);
  if (Number.isInteger(replicas) && replicas >= 1 && replicas <= 8) return replicas;
  throw new Sentence(`"${text}" is not a number of replicas: give one from 1 to 8.`);
}
