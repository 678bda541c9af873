import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shortHash } from './plain-path.ts';
import { writeAtomically } from './write-atomically.ts';

/** What makes this broker itself: its node name (data is kept under it) and the login that was made at its first start. */
export type RabbitmqIdentity = { node: string; user: string; password: string };

/** Reads the identity of the broker in this folder, or makes one. Kept, so that a moved folder is still the same broker. */
export function identityOf(dir: string): RabbitmqIdentity {
  const file = join(dir, 'identity.json');
  if (!existsSync(file)) {
    const node = `patchbay-${shortHash(`${dir} ${randomBytes(8).toString('hex')}`)}@localhost`;
    writeAtomically(file, JSON.stringify({ node, user: 'patchbay', password: randomBytes(12).toString('hex') }), 0o600);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as RabbitmqIdentity;
}
