import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { claimFile } from './claim-file.ts';

/**
 * Makes a folder that several processes want, once: one makes it, the others wait for that one. The folder appears whole or
 * not at all; what an interrupted process left half made is thrown away.
 *
 * @param make fills the empty folder that it is given, beside the final one
 */
export async function madeOnce(folder: string, make: (draft: string) => Promise<void>): Promise<void> {
  while (!existsSync(folder)) {
    mkdirSync(dirname(folder), { recursive: true });
    const claim = claimFile(`${folder}.lock`);
    if (!claim.isOurs) {
      await new Promise((wake) => setTimeout(wake, 500));
      continue;
    }
    const draft = `${folder}.draft`;
    try {
      // Somebody may have finished between the look and the claim.
      if (existsSync(folder)) return;
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft);
      await make(draft);
      renameSync(draft, folder);
    } finally {
      rmSync(draft, { recursive: true, force: true });
      claim.release();
    }
  }
}
