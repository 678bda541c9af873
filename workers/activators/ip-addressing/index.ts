import { z } from 'zod';
import { activator } from '../../activation/index.ts';
import { elementManager } from '../../calls/element-manager.ts';
import { PlatformRefusal } from '../../calls/platform.ts';

const allocation = z.looseObject({
  allocationId: z.string(),
  prefix: z.string(),
  prefixLength: z.number(),
  gateway: z.string(),
});

/** The address manager. Calling it twice does it twice: only reading back before a repeat keeps an allocation single. */
const ipam = elementManager('ipam', {
  operations: {
    allocate: allocation,
    resize: allocation,
    update: z.looseObject({}),
    suspend: z.looseObject({}),
    resume: z.looseObject({}),
    release: z.looseObject({}),
  },
  timeout: '5s',
  settle: '3s',
});

const characteristics = z.object({
  family: z.enum(['ipv4', 'ipv6']).default('ipv4'),
  prefixLength: z.coerce.number().int().positive(),
  reverseDns: z.string().min(1).optional(),
});

/** The address manager refuses to take back what it does not hold; to an undo, that is done. */
function unlessGone(error: unknown): void {
  if (!(error instanceof PlatformRefusal && error.code === 'nothing-allocated')) throw error;
}

/** A routed prefix of one's own. */
export default activator({
  serviceType: 'ip-addressing',
  characteristics,
  steps: (step) => [
    step('allocate-prefix', {
      on: ipam,
      uses: ['family', 'prefixLength'],
      apply: ({ want: { family, prefixLength }, facts }, net) =>
        typeof facts['allocationId'] === 'string'
          ? net.resize({ allocationId: facts['allocationId'], prefixLength })
          : net.allocate({ family, prefixLength }),
      undo: ({ facts }, net) => net.release({ allocationId: facts['allocationId'] }).catch(unlessGone),
      suspend: ({ facts }, net) => net.suspend({ allocationId: facts['allocationId'] }),
      resume: ({ facts }, net) => net.resume({ allocationId: facts['allocationId'] }),
      lands: ({ allocationId, prefix, prefixLength, gateway }) => ({
        characteristics: { allocationId, prefix, prefixLength, gateway },
        resources: [{ id: allocationId, name: prefix, type: 'ipPrefix' }],
      }),
    }),
    step('name-prefix', {
      on: ipam,
      uses: ['reverseDns'],
      apply: ({ want, facts }, net) =>
        net.update({ allocationId: facts['allocationId'], reverseDns: want.reverseDns ?? null }),
      undo: ({ facts }, net) => net.update({ allocationId: facts['allocationId'], reverseDns: null }).catch(unlessGone),
    }),
  ],
});
