/** Where the official documents lie: the one place of the harness that reads the environment. */
import { existsSync } from 'node:fs';

/**
 * The folder `TMF_SPECS` names, or undefined when it names none.
 * @throws when it names a folder that does not exist: a typo must not look like a skip
 */
export function specsFolder(): string | undefined {
  const folder = process.env['TMF_SPECS'];
  if (folder === undefined || folder === '') return undefined;
  if (!existsSync(folder)) throw new Error(`TMF_SPECS names '${folder}', which does not exist.`);
  return folder;
}
