import type { Database } from './database.ts';
import { concerns, faultRule, seeded, type FaultKind, type FaultRule, type Target } from './faults.ts';

/** A rule in force, with how often it was considered and how often it struck. */
export type FaultState = { rule: FaultRule & { id: string }; drawn: number; fired: number };

/** What befalls one request: a wait, and then at most one fault. */
export type Fate = {
  delayMs: number;
  strike: (FaultRule & { id: string }) | undefined;
  /** The kinds and ids that went into it, for the ledger. */
  fault: string | null;
  rule: string | null;
};

const spared: Fate = { delayMs: 0, strike: undefined, fault: null, rule: null };

/**
 * The fault rules in force. They and their counts survive a restart, so that a test may kill the simulator in the
 * middle of a plan and the plan goes on; only DELETE and reset end it.
 */
export function faultBook({ sql, atomically }: Database, random: () => number) {
  let states: FaultState[] = sql.all`select rule, drawn, fired from fault order by rowid`.map((row) => {
    const rule = faultRule.parse(JSON.parse(String(row['rule'])));
    return { rule: { ...rule, id: rule.id ?? '' }, drawn: Number(row['drawn']), fired: Number(row['fired']) };
  });
  let named = states.length;

  const freshId = (kind: FaultKind): string => {
    const taken = new Set(states.map((state) => state.rule.id));
    do named += 1;
    while (taken.has(`${kind}-${named}`));
    return `${kind}-${named}`;
  };

  const forget = () => {
    sql.run`delete from fault`;
    states = [];
  };

  return {
    list: (): readonly FaultState[] => states,

    /** Puts rules in force, in this order, after those there already are. */
    add(rules: FaultRule[]): FaultState[] {
      return atomically(() =>
        rules.map((given) => {
          const rule = { ...given, id: given.id ?? freshId(given.kind) };
          states = states.filter((state) => state.rule.id !== rule.id);
          sql.run`delete from fault where id = ${rule.id}`;
          sql.run`insert into fault (id, rule, drawn, fired) values (${rule.id}, ${JSON.stringify(rule)}, 0, 0)`;
          const state = { rule, drawn: 0, fired: 0 };
          states.push(state);
          return state;
        }),
      );
    },

    remove(id: string): boolean {
      const before = states.length;
      states = states.filter((state) => state.rule.id !== id);
      sql.run`delete from fault where id = ${id}`;
      return states.length < before;
    },

    forget,

    /** Decides what befalls a request and counts it, whatever becomes of the request then. */
    draw(target: Target): Fate {
      if (states.length === 0) return spared;
      let delayMs = 0;
      let strike: Fate['strike'];
      const struck: FaultState[] = [];
      for (const state of states) {
        const { rule } = state;
        if (strike !== undefined && rule.kind !== 'latency') continue;
        if (rule.count !== undefined && state.fired >= rule.count) continue;
        if (!concerns(rule, target)) continue;
        state.drawn += 1;
        const chance = (salt: number) => (rule.seed === undefined ? random() : seeded(rule.seed + salt, state.drawn));
        const strikes = rule.probability >= 1 || chance(0) < rule.probability;
        if (strikes) {
          state.fired += 1;
          struck.push(state);
          if (rule.kind === 'latency') delayMs += rule.params.ms + rule.params.jitterMs * chance(1);
          else strike = rule;
        }
        sql.run`update fault set drawn = ${state.drawn}, fired = ${state.fired} where id = ${rule.id}`;
      }
      if (struck.length === 0) return spared;
      const joined = (of: (state: FaultState) => string) => struck.map(of).join('+');
      return { delayMs, strike, fault: joined((s) => s.rule.kind), rule: joined((s) => s.rule.id) };
    },
  };
}
