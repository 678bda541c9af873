import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { plainPath } from '../../run/bootstrap/plain-path.ts';
import { settleHere } from '../../run/bootstrap/rabbitmq-data.ts';
import { identityOf } from '../../run/bootstrap/rabbitmq-identity.ts';
import { refuseHeld } from '../../run/bootstrap/refuse-held.ts';

/**
 * Makes every queue of the brokers in a folder at home there (decision 16). It can be interrupted and run again: each queue is
 * either where it was or here, and its log is never touched.
 *
 * @param folder of the private broker, or of several, each in a folder of its own below
 * @returns how many queues there are, and how many had another place
 * @throws Sentence when a broker runs on the data
 */
export function rebuildBroker(folder: string): { queues: number; settled: number } {
  const dirs = globSync(['identity.json', '*/identity.json'], { cwd: folder }).map((file) =>
    plainPath(join(folder, dirname(file))),
  );
  for (const dir of dirs) refuseHeld('/beam.smp', dir);
  const settled = dirs.map((dir) => settleHere(dir, identityOf(dir).node));
  return {
    queues: settled.reduce((sum, one) => sum + one.queues, 0),
    settled: settled.reduce((sum, one) => sum + one.settled, 0),
  };
}
