import { z } from 'zod';
import { activator } from '../../activation/index.ts';
import { elementManager } from '../../calls/element-manager.ts';

/** The access node's element manager: repeats of a reference are answered, not done again. */
const olt = elementManager('olt', {
  operations: {
    reserve: z.looseObject({ port: z.string(), technology: z.string().optional() }),
    configure: z.looseObject({ downMbps: z.number(), upMbps: z.number() }),
    suspend: z.looseObject({}),
    resume: z.looseObject({}),
    clear: z.looseObject({}),
    release: z.looseObject({}),
  },
  timeout: '5s',
  settle: '2s',
});

const characteristics = z.object({
  port: z.string().min(1).optional(),
  technology: z.string().optional(),
  downMbps: z.coerce.number().positive(),
  upMbps: z.coerce.number().positive().optional(),
  vlan: z.coerce.number().int().min(1).max(4094).optional(),
});

/** An access line: a port on the access node, and on it a line profile. */
export default activator({
  serviceType: 'broadband',
  characteristics,
  steps: (step) => [
    step('reserve-port', {
      on: olt,
      uses: ['port', 'technology'],
      apply: ({ want }, net) => net.reserve({ port: want.port, technology: want.technology }),
      undo: (_, net) => net.release(),
      lands: ({ port }) => ({
        characteristics: { port },
        resources: [{ id: port, name: `OLT port ${port}`, type: 'accessPort' }],
      }),
    }),
    step('configure-line', {
      on: olt,
      uses: ['downMbps', 'upMbps', 'vlan'],
      apply: ({ want }, net) =>
        net.configure({ downMbps: want.downMbps, upMbps: want.upMbps ?? want.downMbps, vlan: want.vlan }),
      undo: (_, net) => net.clear(),
      suspend: (_, net) => net.suspend(),
      resume: (_, net) => net.resume(),
      lands: ({ downMbps, upMbps }) => ({ characteristics: { downMbps, upMbps } }),
    }),
  ],
});
