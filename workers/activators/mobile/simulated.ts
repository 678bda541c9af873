import { z } from 'zod';
import { type Pool, manager, operationsOn, refuse } from '../../../ops/simulator/manager.ts';

const iccid = z.string().regex(/^89[0-9]{17,18}$/);
const msisdn = z.string().regex(/^[+][1-9][0-9]{6,14}$/);
const roaming = z.enum(['none', 'region', 'world']);

const holdings = z.strictObject({
  iccid: iccid.optional(),
  /** The name of the SIM in the network. */
  imsi: z.string().optional(),
  msisdn: msisdn.optional(),
  dataMb: z.number().optional(),
  roaming: roaming.optional(),
  suspended: z.literal(true).optional(),
});
type Subscriber = z.output<typeof holdings>;

const operation = operationsOn<Subscriber>();
const nothing = z.strictObject({});

/** SIMs and numbers under a country code that nobody has: ten million of each. */
const sims: Pool = {
  name: 'hlr-sims',
  size: 10_000_000,
  at: (index) => `8999901${String(index).padStart(12, '0')}`,
};
const numbers: Pool = {
  name: 'hlr-numbers',
  size: 10_000_000,
  at: (index) => `+99970${String(index).padStart(7, '0')}`,
};

const imsiOf = (sim: string): string => `99901${sim.slice(-10)}`;
const simOf = ({ iccid: sim, imsi }: Subscriber): Subscriber => ({ iccid: sim, imsi });

/** The subscriber register (HLR) as the network simulator plays it. Idempotent by reference. */
export default manager<Subscriber>({
  name: 'hlr',
  title: 'Mobile subscriber register',
  idempotent: true,
  holdings,
  claims: ({ iccid: sim, msisdn: number }) => [sim, number].filter((one) => one !== undefined),
  operations: {
    reserve: operation({
      summary: 'Reserves the named SIM, or one from stock; a subscriber who has another one gets this in its place',
      parameters: z.strictObject({ iccid: iccid.optional() }),
      carryOut: (subscriber, { iccid: wanted }, site) => {
        const sim = wanted ?? subscriber.iccid ?? site.free(sims);
        if (sim === undefined) return refuse('no-sim-in-stock', 'every SIM is taken');
        const holder = site.otherHolderOf(sim);
        if (holder !== undefined) return refuse('sim-taken', `SIM ${sim} is held by ${holder}`);
        const facts = { iccid: sim, imsi: imsiOf(sim) };
        return { held: { ...subscriber, ...facts }, facts };
      },
      /** The SIM is taken, the network does not know it yet. */
      partial: (before, after) => ({ ...after, imsi: before.imsi }),
    }),

    activate: operation({
      summary: 'Gives the SIM exactly this subscription, under the named number or a free one',
      parameters: z.strictObject({ msisdn: msisdn.optional(), dataMb: z.int().min(0), roaming }),
      carryOut: (subscriber, { msisdn: wanted, dataMb, roaming: where }, site) => {
        if (subscriber.iccid === undefined) return refuse('no-sim', 'reserve a SIM before activating a subscription');
        const number = wanted ?? subscriber.msisdn ?? site.free(numbers);
        if (number === undefined) return refuse('no-free-number', 'every number is taken');
        const holder = site.otherHolderOf(number);
        if (holder !== undefined) return refuse('number-taken', `${number} is held by ${holder}`);
        const subscription = { msisdn: number, dataMb, roaming: where };
        return { held: { ...subscriber, ...subscription }, facts: subscription };
      },
      /** The number is on the SIM; data and roaming stay what they were. */
      partial: (before, after) => ({ ...after, dataMb: before.dataMb, roaming: before.roaming }),
    }),

    suspend: operation({
      summary: 'Bars the subscription; SIM and number stay',
      parameters: nothing,
      carryOut: (subscriber) =>
        subscriber.msisdn === undefined
          ? refuse('not-active', 'there is no subscription to suspend')
          : { held: { ...subscriber, suspended: true }, facts: { msisdn: subscriber.msisdn, suspended: true } },
      partial: (before) => before,
    }),

    resume: operation({
      summary: 'Lets the subscription into the network again',
      parameters: nothing,
      carryOut: ({ suspended: _, ...subscriber }) =>
        subscriber.msisdn === undefined
          ? refuse('not-active', 'there is no subscription to resume')
          : { held: subscriber, facts: { msisdn: subscriber.msisdn, suspended: false } },
      partial: (before) => before,
    }),

    deactivate: operation({
      summary: 'Ends the subscription and gives its number back; the SIM stays',
      parameters: nothing,
      carryOut: (subscriber) => ({
        held: simOf(subscriber),
        facts: subscriber.msisdn === undefined ? { nothing: true } : { deactivated: subscriber.msisdn },
      }),
      /** Data and roaming end, the number stays on the SIM. */
      partial: (before) => ({ ...before, dataMb: undefined, roaming: undefined }),
    }),

    release: operation({
      summary: 'Gives the SIM back with whatever is on it',
      parameters: nothing,
      carryOut: ({ iccid: sim }) => ({ held: {}, facts: sim === undefined ? { nothing: true } : { released: sim } }),
      /** The subscription ends, the SIM stays taken. */
      partial: (before) => simOf(before),
    }),
  },
});
