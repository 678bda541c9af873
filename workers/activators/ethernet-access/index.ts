import { z } from 'zod';
import { activator } from '../../activation/index.ts';
import { elementManager } from '../../calls/element-manager.ts';
import { deliveredPort, partner } from './partner.ts';

/** Our own aggregation network: repeats of a reference are answered, not done again. */
const metro = elementManager('metro', {
  operations: {
    connect: z.looseObject({ evcId: z.string() }),
    suspend: z.looseObject({}),
    resume: z.looseObject({}),
    monitor: z.looseObject({ probeId: z.string() }),
    unmonitor: z.looseObject({}),
    disconnect: z.looseObject({}),
  },
  timeout: '5s',
  settle: '2s',
});

const characteristics = z.object({
  /** The partner's name for the address. */
  site: z.string().min(1).max(200),
  bandwidthMbps: z.coerce.number().int().min(10).max(10_000),
  vlan: z.coerce.number().int().min(1).max(4094).optional(),
});

/** Ethernet to a site that a partner operator reaches: its port, ordered there, and our connection from the handover. */
export default activator({
  serviceType: 'ethernet-access',
  characteristics,
  steps: (step) => [
    step('order-port', {
      on: partner,
      uses: ['site', 'bandwidthMbps'],
      apply: ({ want: { site, bandwidthMbps } }, net) => net.provide({ site, bandwidthMbps }),
      external: { deadline: '30d', pollEvery: '1m', answer: deliveredPort, read: (_, net) => net.standing() },
      undo: (_, net) => net.cease(),
      lands: ({ handover, bandwidthMbps }) => ({
        characteristics: { handover, bandwidthMbps },
        resources: [{ id: handover, name: `Handover ${handover}`, type: 'handover' }],
      }),
      milestone: 'The partner has delivered the port.',
    }),
    step('turn-up', {
      on: metro,
      uses: ['bandwidthMbps', 'vlan'],
      apply: ({ want: { bandwidthMbps, vlan }, facts }, net) =>
        net.connect({ handover: facts['handover'], bandwidthMbps, vlan }),
      undo: (_, net) => net.disconnect(),
      suspend: (_, net) => net.suspend(),
      resume: (_, net) => net.resume(),
      lands: ({ evcId }) => ({
        characteristics: { evcId },
        resources: [{ id: evcId, name: `Ethernet virtual connection ${evcId}`, type: 'evc' }],
      }),
      milestone: 'The service carries traffic.',
    }),
    step('enable-monitoring', {
      on: metro,
      uses: [],
      optional: true,
      apply: (_, net) => net.monitor(),
      undo: (_, net) => net.unmonitor(),
      lands: ({ probeId }) => ({
        characteristics: { probeId },
        resources: [{ id: probeId, name: `Probe ${probeId}`, type: 'probe' }],
      }),
      milestone: 'Loss and delay are measured.',
    }),
  ],
  pointOfNoReturn: 'turn-up',
  policy: { partial: 'keep' },
});
