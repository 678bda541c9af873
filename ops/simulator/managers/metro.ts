import { z } from 'zod';
import { manager, operationsOn, refuse } from '../manager.ts';

const holdings = z.strictObject({
  evcId: z.string().optional(),
  handover: z.string().optional(),
  bandwidthMbps: z.number().optional(),
  vlan: z.number().optional(),
  suspended: z.literal(true).optional(),
  /** The probe that measures loss and delay. */
  probeId: z.string().optional(),
});
type Connection = z.output<typeof holdings>;

const operation = operationsOn<Connection>();

const numbered = (prefix: string, n: number) => `${prefix}-${String(n).padStart(6, '0')}`;

/** Our own aggregation network: a virtual connection per service from an interconnect to the core. Idempotent by reference. */
export const metro = manager<Connection>({
  name: 'metro',
  title: 'Metro Ethernet manager',
  idempotent: true,
  holdings,
  claims: ({ handover }) => (handover === undefined ? [] : [handover]),
  operations: {
    connect: operation({
      summary: 'Takes traffic from a handover to the core, with exactly this bandwidth and customer VLAN',
      parameters: z.strictObject({
        handover: z.string().min(1).max(100).optional(),
        bandwidthMbps: z.number().positive(),
        vlan: z.int().min(1).max(4094).optional(),
      }),
      carryOut: ({ evcId, suspended, probeId }, { handover, bandwidthMbps, vlan }, site) => {
        if (handover === undefined) return refuse('no-handover', 'there is no handover to take traffic from', 422);
        const holder = site.otherHolderOf(handover);
        if (holder !== undefined) return refuse('handover-taken', `${handover} is connected for ${holder}`);
        const evc = evcId ?? numbered('evc', site.number('evc'));
        return {
          held: { evcId: evc, handover, bandwidthMbps, vlan, suspended, probeId },
          facts: { evcId: evc, handover, bandwidthMbps, vlan },
        };
      },
      /** The connection is there; how fast it is and for which VLAN stays what it was. */
      partial: (before, after) => ({ ...after, bandwidthMbps: before.bandwidthMbps, vlan: before.vlan }),
    }),

    suspend: operation({
      summary: 'Blocks the connection; it stays configured',
      parameters: z.strictObject({}),
      carryOut: (connection) =>
        connection.evcId === undefined
          ? refuse('not-connected', 'there is no connection to suspend')
          : { held: { ...connection, suspended: true }, facts: { evcId: connection.evcId, suspended: true } },
      partial: (before) => before,
    }),

    resume: operation({
      summary: 'Unblocks the connection',
      parameters: z.strictObject({}),
      carryOut: ({ suspended: _, ...connection }) =>
        connection.evcId === undefined
          ? refuse('not-connected', 'there is no connection to resume')
          : { held: connection, facts: { evcId: connection.evcId, suspended: false } },
      partial: (before) => before,
    }),

    monitor: operation({
      summary: 'Starts a probe that measures loss and delay',
      parameters: z.strictObject({}),
      carryOut: (connection, _parameters, site) => {
        if (connection.evcId === undefined) return refuse('not-connected', 'there is no connection to measure');
        const probeId = connection.probeId ?? numbered('probe', site.number('probe'));
        return { held: { ...connection, probeId }, facts: { probeId } };
      },
      partial: (before) => before,
    }),

    unmonitor: operation({
      summary: 'Takes the probe away',
      parameters: z.strictObject({}),
      carryOut: ({ probeId, ...connection }) => ({
        held: connection,
        facts: probeId === undefined ? { nothing: true } : { removed: probeId },
      }),
      partial: (before) => before,
    }),

    disconnect: operation({
      summary: 'Takes the connection away, its probe with it',
      parameters: z.strictObject({}),
      carryOut: ({ evcId }) => ({ held: {}, facts: evcId === undefined ? { nothing: true } : { removed: evcId } }),
      /** Traffic stops, the probe stays. */
      partial: ({ probeId }) => ({ probeId }),
    }),
  },
});
