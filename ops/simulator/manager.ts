import type { z } from 'zod';

/** What a manager holds for one service: a flat JSON document. Empty means that it holds nothing. */
export type Holdings = Record<string, unknown>;

/** What an operation answers with: JSON facts for the inventory. */
export type Facts = Record<string, unknown>;

/** A business "no": the platform understood the call and will not do it. */
export type Refusal = { status: 409 | 422; code: string; reason: string };

/** What carrying out an operation comes to: the new holdings with the facts to answer, or a refusal. */
export type Outcome<H> = { held: H; facts: Facts } | { refused: Refusal };

/** A numbered set of names to choose free ones from, such as ports or prefixes. */
export type Pool = { name: string; size: number; at: (index: number) => string };

/** What an operation may see of the network beyond the service it works on. */
export type Site = {
  serviceRef: string;
  reference: string;
  /** Another service that holds this claim (a port, a prefix, a serial), if there is one. */
  otherHolderOf: (claim: string) => string | undefined;
  /** The next claim of a pool that nobody holds; undefined when the pool is exhausted. */
  free: (pool: Pool) => string | undefined;
  /** The next number of a named sequence: 1, 2, 3… */
  number: (sequence: string) => number;
};

/** The rest of an operation that only takes work on: it is done later, and whoever ordered it is called back. */
export type Later<H, P> = {
  /** Whether it is still to be done: not called off, not overtaken by another order. */
  awaited: (held: H, reference: string) => boolean;
  /** What is held when it is done, and what is told of it. */
  finish: (held: H, parameters: P, site: Site) => Outcome<H>;
  /** What is held when it is given up. */
  drop: (held: H) => H;
};

/** One operation of an element manager, its parameters already bound to their schema. */
export type Operation<H = Holdings> = {
  summary: string;
  parameters: z.ZodType;
  /** Parses the parameters and decides. Pure, but for the sequences of `site`. */
  run: (held: H, parameters: unknown, site: Site) => Outcome<H> | { malformed: z.ZodError };
  /** What the network is left with when the operation silently does only part of its work. */
  partial: (before: H, after: H) => H;
  later?: Later<H, unknown>;
};

/** An element manager as the simulator serves it. */
export type Manager = {
  name: string;
  title: string;
  /**
   * Whether the same reference again returns the stored answer instead of doing the work again.
   * Most real managers can (a transaction id, a label lookup); some cannot, and callers must survive those too.
   */
  idempotent: boolean;
  /** An outside operator: it speaks of orders and circuits, and takes work on to call back later. See `wholesale.routes.ts`. */
  wholesale?: true;
  /** What may be held for a service; out-of-band edits are parsed with it. */
  holdings: z.ZodType<Holdings>;
  /** What the holdings keep others from having. */
  claims: (held: Holdings) => string[];
  operations: Readonly<Record<string, Operation>>;
};

/** Declares an element manager: its holdings, what they claim, its operations. All that a new one needs. */
export function manager<H extends Holdings>(declared: {
  name: string;
  title: string;
  idempotent: boolean;
  wholesale?: true;
  holdings: z.ZodType<H>;
  claims: (held: H) => string[];
  operations: Record<string, Operation<H>>;
}): Manager {
  // Holdings enter only through `holdings` (edits) and the operations' own typed results, so H is what is stored.
  return declared as unknown as Manager;
}

/** Binds operation declarations to one manager's holdings, so that each names only its parameters. */
export const operationsOn =
  <H extends Holdings>() =>
  <P extends z.ZodType>(declared: {
    summary: string;
    parameters: P;
    carryOut: (held: H, parameters: z.output<P>, site: Site) => Outcome<H>;
    partial: (before: H, after: H) => H;
    later?: Later<H, z.output<P>>;
  }): Operation<H> => ({
    ...(declared.later === undefined ? {} : { later: declared.later as Later<H, unknown> }),
    summary: declared.summary,
    parameters: declared.parameters,
    partial: declared.partial,
    run: (held, parameters, site) => {
      const parsed = declared.parameters.safeParse(parameters);
      return parsed.success ? declared.carryOut(held, parsed.data, site) : { malformed: parsed.error };
    },
  });

/** A refusal, 409 unless the request itself can never be met (422). */
export const refuse = (code: string, reason: string, status: 409 | 422 = 409) => ({
  refused: { status, code, reason },
});
