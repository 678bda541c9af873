import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../percentile.ts';

/** What somebody else is answered meanwhile: milliseconds of each answer, and which were not what they should be. */
export interface Beside {
  readonly p99: number;
  readonly most: number;
  readonly answers: number;
  readonly wrong: readonly string[];
}

/** Asks again and again, each 50 ms after the answer before, for as long as `until` has not settled. */
export async function askBeside(until: Promise<unknown>, ask: () => Promise<Response>, ok: number): Promise<Beside> {
  const taken: number[] = [];
  const wrong: string[] = [];
  let over = false;
  void until.finally(() => (over = true));
  while (!over) {
    const began = performance.now();
    try {
      const answer = await ask();
      const text = await answer.text();
      taken.push(performance.now() - began);
      if (answer.status !== ok) wrong.push(`${answer.status} ${text.slice(0, 200)}`);
    } catch (error) {
      wrong.push(String(error));
    }
    await sleep(50);
  }
  return { p99: percentile(taken, 0.99), most: Math.max(...taken), answers: taken.length, wrong };
}

/** The most memory a process held until then, in MB, as its own metrics say. */
export async function mostMemory(metrics: string, until: Promise<unknown>): Promise<number> {
  let most = 0;
  let over = false;
  void until.finally(() => (over = true));
  while (!over) {
    most = Math.max(most, await memoryOf(metrics));
    await sleep(250);
  }
  return most;
}

/** What a process holds, in MB. */
export async function memoryOf(metrics: string): Promise<number> {
  const page = await (await fetch(metrics)).text();
  return Number(/^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)/m.exec(page)?.[1]) / 1_000_000;
}
