/** `?dryRun=true` on a create. */
import { refuse } from './errors.ts';

/**
 * Whether a create is only to be explained.
 *
 * @throws 400 for a dryRun that is not `true`: who writes one wants to be sure
 */
export function isDryRun(parameters: URLSearchParams): boolean {
  const given = parameters.getAll('dryRun');
  if (given.length === 0) return false;
  if (given.every((value) => value === 'true')) return true;
  throw refuse('invalidQuery', 'dryRun is true, or left out.', {
    message: 'With dryRun=true the answer is what the order would come to; without it, the order is placed.',
  });
}
