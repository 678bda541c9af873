import { z } from 'zod';
import { manager, operationsOn, refuse, type Pool } from '../manager.ts';

const port = { site: z.string().min(1).max(200), bandwidthMbps: z.number().positive() };

const holdings = z.strictObject({
  /** Where the port is handed over to us: interconnect and VLAN. */
  handover: z.string().optional(),
  site: port.site.optional(),
  bandwidthMbps: port.bandwidthMbps.optional(),
  /** The order that is being worked on. */
  pending: z.strictObject({ reference: z.string(), ...port }).optional(),
});
type Circuit = z.output<typeof holdings>;

const operation = operationsOn<Circuit>();

/** 64 interconnects of 3,900 VLANs each. */
const handovers: Pool = {
  name: 'partner-handovers',
  size: 64 * 3_900,
  at: (index) => `nni-${1 + Math.floor(index / 3_900)}/${100 + (index % 3_900)}`,
};

const SLOWEST_MBPS = 10;
const FASTEST_MBPS = 10_000;

const settled = ({ pending: _, ...circuit }: Circuit): Circuit => circuit;

/** Another operator who sells us Ethernet ports. An order is taken on at once and delivered later. Idempotent by reference. */
export const partner = manager<Circuit>({
  name: 'partner',
  title: 'Partner operator (wholesale Ethernet ports)',
  idempotent: true,
  wholesale: true,
  holdings,
  claims: ({ handover }) => (handover === undefined ? [] : [handover]),
  operations: {
    provide: operation({
      summary:
        'Orders a port at a site, or another bandwidth for the one there; takes the place of an order still open',
      parameters: z.strictObject({
        ...port,
        callbackUrl: z
          .url({ protocol: /^https?$/ })
          .max(2_000)
          .optional(),
      }),
      carryOut: (circuit, { site, bandwidthMbps }, { reference }) => {
        if (bandwidthMbps < SLOWEST_MBPS || bandwidthMbps > FASTEST_MBPS)
          return refuse('bandwidth-not-offered', `ports come with ${SLOWEST_MBPS} to ${FASTEST_MBPS} Mbit/s`, 422);
        if (circuit.site !== undefined && circuit.site !== site)
          return refuse('port-elsewhere', `the port is at ${circuit.site}: cease it and order another one`);
        const { handover } = circuit;
        // What is there already needs no technician, and calls off the change that is open.
        if (handover !== undefined && circuit.bandwidthMbps === bandwidthMbps)
          return { held: settled(circuit), facts: { state: 'delivered', port: { handover, site, bandwidthMbps } } };
        return {
          held: { ...circuit, pending: { reference, site, bandwidthMbps } },
          facts: { state: 'acknowledged' },
        };
      },
      /** The order is taken on with the slowest bandwidth. */
      partial: (_before, { pending, ...circuit }) => ({
        ...circuit,
        pending: pending === undefined ? undefined : { ...pending, bandwidthMbps: SLOWEST_MBPS },
      }),
      later: {
        awaited: ({ pending }, reference) => pending?.reference === reference,
        finish: (circuit, ordered, site) => {
          const handover = circuit.handover ?? site.free(handovers);
          if (handover === undefined) return refuse('no-free-handover', 'every interconnect is full');
          const mine = circuit.pending?.reference === site.reference;
          const { site: where, bandwidthMbps } = mine ? (circuit.pending ?? ordered) : ordered;
          const delivered = { handover, site: where, bandwidthMbps };
          return { held: mine ? delivered : { ...circuit, ...delivered }, facts: delivered };
        },
        drop: settled,
      },
    }),

    cease: operation({
      summary: 'Calls off the order that is open, and takes the port away',
      parameters: z.strictObject({}),
      carryOut: ({ handover, pending }) => ({
        held: {},
        facts: {
          state: 'ceased',
          ...(handover === undefined ? {} : { handover }),
          ...(pending === undefined ? {} : { calledOff: pending.reference }),
        },
      }),
      /** The order is called off, the port stays. */
      partial: settled,
    }),
  },
});
