import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';

/** What came of asking for something only one process may have. */
export type Claim = { isOurs: true; release: () => void } | { isOurs: false; owner: ProcessIdentity };

/**
 * Claims a thing for this process by a file that names it. The claim ends with `release`, or with the process however it
 * ends: a file that names a dead process is nobody's.
 */
export function claimFile(file: string): Claim {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(identify(process.pid)), { mode: 0o644 });
  try {
    for (;;) {
      try {
        linkSync(draft, file);
        return { isOurs: true, release: () => rmSync(file, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = claimantOf(file);
      if (owner !== undefined) return { isOurs: false, owner };
      setDeadAside(file);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The living process that a claim's file names; undefined when there is none. */
export function claimantOf(file: string): ProcessIdentity | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
    return isRunning(owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the file of a claim whose process is gone; a living one's stays. */
export function forgetDeadClaim(file: string): void {
  if (claimantOf(file) === undefined) setDeadAside(file);
}

// Two processes may both have found the dead claim. Only one moves that file; the other may have moved the winner's, and
// puts it back.
function setDeadAside(file: string): void {
  const aside = `${file}.dead.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // somebody else did
    throw error;
  }
  try {
    if (claimantOf(aside) !== undefined) linkSync(aside, file);
  } catch {
    // somebody claimed in between: it is theirs
  } finally {
    rmSync(aside, { force: true });
  }
}
