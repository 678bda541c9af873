import type { Bench } from '../bench.ts';
import type { Ending } from '../ending.ts';

/** One thing every activator must get right. */
export interface Check {
  readonly name: string;
  /** Sentences about what the activator gets wrong; none when it conforms. */
  readonly run: (bench: Bench) => Promise<readonly string[]>;
}

/** What is wrong when a change should have landed and did not. */
export function unlanded(what: string, ending: Ending): string[] {
  switch (ending.kind) {
    case 'landed':
      return [];
    case 'broken':
      return [`${what}: ${ending.complaint}`];
    case 'refused':
      return [`${what}: step ${ending.step} is refused (${ending.code}: ${ending.reason}).`];
    default:
      return ending satisfies never;
  }
}
