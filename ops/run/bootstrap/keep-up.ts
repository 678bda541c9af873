import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from './explain.ts';
import type { Progress, Service } from './service.ts';

/**
 * Brings a server up again whenever it ends without having been asked to, until the returned function is called.
 *
 * @param onChange called after each attempt that succeeded (its process is another one now)
 */
export function keepUp(service: Service, tell: Progress, onChange: () => void): () => void {
  let wanted = true;
  service.onLost(() => void revive());
  const revive = async () => {
    for (let pauseMs = 500; wanted; pauseMs = Math.min(pauseMs * 2, 30_000)) {
      tell(`${service.name} ended unexpectedly: starting it again`);
      try {
        await service.restart();
        if (wanted) onChange();
        return;
      } catch (error) {
        tell(explain(error));
        await sleep(pauseMs);
      }
    }
  };
  return () => {
    wanted = false;
  };
}
