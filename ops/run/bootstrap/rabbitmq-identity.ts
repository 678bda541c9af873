import { randomBytes } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shortHash } from './plain-path.ts';
import { Sentence } from './sentence.ts';
import { writeAtomically } from './write-atomically.ts';

/** What makes this broker itself: its node name (data is kept under it) and the login that was made at its first start. */
export type RabbitmqIdentity = { node: string; user: string; password: string };

/**
 * Reads the identity of the broker in this folder, or makes one. Kept, so that a moved folder is still the same broker.
 *
 * @throws Sentence when there is data of a broker whose identity is lost
 */
export function identityOf(dir: string): RabbitmqIdentity {
  const file = join(dir, 'identity.json');
  if (!existsSync(file)) {
    const [data] = globSync('data/*@*', { cwd: dir });
    if (data !== undefined) throw lost(file, join(dir, data), 'is missing');
    const node = `patchbay-${shortHash(`${dir} ${randomBytes(8).toString('hex')}`)}@localhost`;
    writeAtomically(file, JSON.stringify({ node, user: 'patchbay', password: randomBytes(12).toString('hex') }), 0o600);
  }
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(text) as RabbitmqIdentity;
  } catch {
    throw lost(file, join(dir, 'data'), 'is damaged');
  }
}

const lost = (file: string, data: string, how: string) =>
  new Sentence(
    `${file} ${how}, the node name and login of RabbitMQ's data in ${data}: put it back, or forget the data with npm run reset.`,
  );
