import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervised } from '../../../run/fleet/supervised.ts';

/** Stops a process where it stands, as a host that is out of memory or moves to another machine does, and lets it go on. */
export async function standStill(process: Supervised, ms: number): Promise<void> {
  process.kill('SIGSTOP');
  try {
    await sleep(ms);
  } finally {
    process.kill('SIGCONT');
  }
}
