import type { RunFile } from '../../run/bootstrap/run-file.ts';
import { findingsOf, type Finding } from './finding.ts';

const { fine, wrong } = findingsOf('fleet');

/** Every role process and the simulator: is it there, and does it say it can work? */
export function checkFleet(run: RunFile): Promise<Finding[]> {
  return Promise.all(
    run.roles.map(async ({ name, pid, health }) => {
      try {
        const answer = await fetch(health, { signal: AbortSignal.timeout(5_000) });
        if (answer.ok) return fine(name, `ready (process ${pid})`);
        return wrong(
          name,
          await troublesIn(answer),
          `see ${run.logs}/${name}.log; it becomes ready by itself once that is over`,
        );
      } catch {
        const detail = pid === undefined ? 'is down, about to be started again' : `process ${pid} does not answer`;
        return wrong(name, detail, `see the end of ${run.logs}/${name}.log`);
      }
    }),
  );
}

async function troublesIn(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const { troubles } = JSON.parse(text) as { troubles?: string[] };
    return troubles?.join('; ') ?? text;
  } catch {
    return text || `answers ${answer.status}`;
  }
}
