import { setTimeout as sleep } from 'node:timers/promises';

const times = 5;
const pauseMs = 300;

/**
 * Looks for a letter a few times: whoever else looks through its queue, here or in the management interface, holds all
 * letters for as long as that takes, and nobody else sees them.
 */
export async function lookAgain<Found>(look: () => Promise<Found | undefined>): Promise<Found | undefined> {
  for (let time = 1; ; time += 1) {
    const found = await look();
    if (found !== undefined || time === times) return found;
    await sleep(pauseMs);
  }
}
