import { z } from 'zod';
import { manager, operationsOn, refuse, type Site } from '../manager.ts';
import { gatewayOf, isOffered, prefixLengths, prefixPool, type Family } from './prefixes.ts';

const family = z.enum(['ipv4', 'ipv6']);

const allocation = z.strictObject({
  allocationId: z.string(),
  /** The reference of the allocating call. This manager only writes it down; it is how a caller finds what it did. */
  label: z.string().optional(),
  family,
  prefix: z.string(),
  prefixLength: z.number(),
  gateway: z.string().optional(),
  reverseDns: z.string().optional(),
  /** Kept for the service, but not routed to it. */
  suspended: z.literal(true).optional(),
});
type Allocation = z.output<typeof allocation>;

const holdings = z.strictObject({ allocations: z.array(allocation).optional() });
type Addresses = z.output<typeof holdings>;

const operation = operationsOn<Addresses>();

const of = ({ allocations = [] }: Addresses) => allocations;
const holding = (allocations: Allocation[]): Addresses => (allocations.length === 0 ? {} : { allocations });
const replaced = (held: Addresses, by: Allocation) =>
  holding(of(held).map((each) => (each.allocationId === by.allocationId ? by : each)));

/** The named allocation of this service, or its newest: what was done last is what an undo means. */
const chosen = (held: Addresses, allocationId: string | undefined) =>
  allocationId === undefined ? of(held).at(-1) : of(held).find((each) => each.allocationId === allocationId);

const nothingAllocated = (site: Site, allocationId: string | undefined) =>
  refuse('nothing-allocated', `${site.serviceRef} holds no ${allocationId ?? 'allocation'}`);

/** The asked prefix if nobody holds it, this service's `others` included; or any free one of that length. */
function choosePrefix(site: Site, others: Allocation[], kind: Family, length: number, asked: string | undefined) {
  if (!prefixLengths[kind].some((each) => each === length))
    return refuse('length-not-offered', `${kind} comes in /${prefixLengths[kind].join(', /')}`, 422);
  if (asked === undefined) {
    const prefix = site.free(prefixPool(kind, length));
    return prefix === undefined ? refuse('pool-exhausted', `no ${kind} /${length} is free`) : { prefix };
  }
  if (!isOffered(kind, length, asked)) return refuse('prefix-not-offered', `${asked} is not one of ours`, 422);
  const own = others.some((each) => each.prefix === asked) ? site.serviceRef : undefined;
  const holder = site.otherHolderOf(asked) ?? own;
  return holder === undefined ? { prefix: asked } : refuse('prefix-taken', `${asked} is held by ${holder}`);
}

/**
 * Address management, and the one that is **not** idempotent: every `allocate` makes another allocation and every
 * `release` gives one back, whatever the reference. A caller that does not know how a call ended must read back
 * (`operations/<reference>`, or the labels in `services/<serviceRef>`) before it calls again.
 */
export const ipam = manager<Addresses>({
  name: 'ipam',
  title: 'IP address management',
  idempotent: false,
  holdings,
  claims: (held) => of(held).map((each) => each.prefix),
  operations: {
    allocate: operation({
      summary: 'Allocates a prefix, each time another one; `prefix` asks for a certain one',
      parameters: z.strictObject({
        family: family.default('ipv4'),
        prefixLength: z.int(),
        prefix: z.string().optional(),
        reverseDns: z.string().optional(),
      }),
      carryOut: (held, { family: kind, prefixLength, prefix: asked, reverseDns }, site) => {
        const choice = choosePrefix(site, of(held), kind, prefixLength, asked);
        if ('refused' in choice) return choice;
        const made: Allocation = {
          allocationId: `alloc-${site.number('allocation')}`,
          label: site.reference,
          family: kind,
          prefix: choice.prefix,
          prefixLength,
          gateway: gatewayOf(kind, choice.prefix),
          reverseDns,
        };
        const { label: _, ...facts } = made;
        return { held: holding([...of(held), made]), facts };
      },
      /** The prefix is taken; gateway and reverse DNS were never set up. */
      partial: (_, after) => {
        const made = of(after).at(-1);
        return made === undefined ? after : replaced(after, { ...made, gateway: undefined, reverseDns: undefined });
      },
    }),

    resize: operation({
      summary: 'Exchanges the prefix of an allocation (the newest unless named) for one of another length',
      parameters: z.strictObject({
        prefixLength: z.int(),
        allocationId: z.string().optional(),
        prefix: z.string().optional(),
      }),
      carryOut: (held, { prefixLength, allocationId, prefix: asked }, site) => {
        const old = chosen(held, allocationId);
        if (old === undefined) return nothingAllocated(site, allocationId);
        const others = of(held).filter((each) => each !== old);
        const choice = choosePrefix(site, others, old.family, prefixLength, asked);
        if ('refused' in choice) return choice;
        const { prefix } = choice;
        const made = { ...old, prefix, prefixLength, gateway: gatewayOf(old.family, prefix) };
        const { label: _, ...facts } = made;
        return {
          held: replaced(held, made),
          facts: { ...facts, previous: { prefix: old.prefix, prefixLength: old.prefixLength } },
        };
      },
      /** Nothing changes hands at all. */
      partial: (before) => before,
    }),

    update: operation({
      summary: 'Sets (or with null removes) the reverse DNS of an allocation, the newest unless named',
      parameters: z.strictObject({ allocationId: z.string().optional(), reverseDns: z.string().nullable() }),
      carryOut: (held, { allocationId, reverseDns }, site) => {
        const old = chosen(held, allocationId);
        if (old === undefined) return nothingAllocated(site, allocationId);
        const made = { ...old, reverseDns: reverseDns ?? undefined };
        return {
          held: replaced(held, made),
          facts: { allocationId: old.allocationId, reverseDns, previous: { reverseDns: old.reverseDns ?? null } },
        };
      },
      partial: (before) => before,
    }),

    suspend: operation({
      summary: 'Withdraws the route of an allocation, the newest unless named; the allocation stays',
      parameters: z.strictObject({ allocationId: z.string().optional() }),
      carryOut: (held, { allocationId }, site) => {
        const old = chosen(held, allocationId);
        if (old === undefined) return nothingAllocated(site, allocationId);
        const facts = { allocationId: old.allocationId, suspended: true };
        return { held: replaced(held, { ...old, suspended: true }), facts };
      },
      partial: (before) => before,
    }),

    resume: operation({
      summary: 'Announces the route of an allocation again, the newest unless named',
      parameters: z.strictObject({ allocationId: z.string().optional() }),
      carryOut: (held, { allocationId }, site) => {
        const old = chosen(held, allocationId);
        if (old === undefined) return nothingAllocated(site, allocationId);
        const { suspended: _, ...routed } = old;
        return { held: replaced(held, routed), facts: { allocationId: old.allocationId, suspended: false } };
      },
      partial: (before) => before,
    }),

    release: operation({
      summary: 'Gives back one allocation of this service: the named one, or the newest',
      parameters: z.strictObject({ allocationId: z.string().optional() }),
      carryOut: (held, { allocationId }, site) => {
        const gone = chosen(held, allocationId);
        if (gone === undefined) return nothingAllocated(site, allocationId);
        const rest = of(held).filter((each) => each !== gone);
        return {
          held: holding(rest),
          facts: { released: gone.allocationId, prefix: gone.prefix, remaining: rest.length },
        };
      },
      /** Names and routes go, the prefix stays allocated. */
      partial: (before, after) => {
        const kept = of(before).find((each) => !of(after).includes(each));
        return kept === undefined ? after : replaced(before, { ...kept, gateway: undefined, reverseDns: undefined });
      },
    }),
  },
});
