import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../../run/bootstrap/service.ts';
import type { Supervised } from '../../../run/fleet/supervised.ts';

/** Kills processes with -9, all at once, and waits until their successors are ready. */
export async function kill(...victims: readonly (Supervised | undefined)[]): Promise<void> {
  await Promise.all(
    victims.map(async (victim) => {
      if (victim === undefined) throw new Error('There is no such process to kill.');
      const { pid } = victim;
      victim.kill('SIGKILL');
      while (victim.pid === pid || victim.pid === undefined) await sleep(20);
      await victim.whenReady();
    }),
  );
}

/** Ends PostgreSQL "immediately": without a checkpoint, and without a word to clients and standby. */
export async function crash(postgres: Service): Promise<void> {
  postgres.kill('SIGQUIT');
  while (postgres.alive()) await sleep(20);
}
