import type { Drill } from '../drill.ts';
import type { Mix } from '../order-mix.ts';

/** A fault of one kind, played on a running system. It returns when the fault is over; the drill then waits and judges. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /**
   * Customers order from the beginning on, and each platform call takes so many milliseconds longer until the end: what keeps
   * orders unfinished. Undefined: nobody orders but `play`.
   */
  readonly paceMs?: number;
  /** What they order; services of every kind unless told. */
  readonly mix?: Mix;
  /** @param orders how many at least are under way */
  play(drill: Drill, orders: number): Promise<void>;
}
