import type { Drill } from '../drill.ts';

/** A fault of one kind, played on a running system. It returns when the fault is over; the drill then waits and judges. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** @param orders how many at least are under way */
  play(drill: Drill, orders: number): Promise<void>;
}
