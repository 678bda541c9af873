import type { Supervised } from '../../../run/fleet/supervised.ts';

/** Ends a process in order and starts it again: as an upgrade does, with the environment it is to have now. */
export async function restart(...processes: readonly (Supervised | undefined)[]): Promise<void> {
  await Promise.all(
    processes.map(async (process) => {
      if (process === undefined) throw new Error('There is no such process to restart.');
      await process.stop();
      await process.start();
      await process.whenReady();
    }),
  );
}
