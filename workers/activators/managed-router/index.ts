import { z } from 'zod';
import type { ServiceSpecification } from '../../../contracts/messages/service-catalog.ts';
import { activator } from '../../activation/index.ts';
import { elementManager } from '../../calls/element-manager.ts';

/** The router manager (auto-configuration server): repeats of a reference are answered, not done again. */
const cpe = elementManager('cpe', {
  operations: {
    register: z.looseObject({ deviceId: z.string(), serial: z.string() }),
    configure: z.looseObject({ deviceId: z.string(), template: z.string() }),
    suspend: z.looseObject({}),
    resume: z.looseObject({}),
    deconfigure: z.looseObject({}),
    deregister: z.looseObject({}),
  },
  timeout: '5s',
  settle: '2s',
});

const characteristics = z.object({
  model: z.string().min(1),
  serial: z.string().min(1).optional(),
  features: z.array(z.string()).default([]),
});

/** The configuration template the specification names. */
function templateOf({ configurationTemplate }: ServiceSpecification): string {
  const name = configurationTemplate['name'];
  return typeof name === 'string' ? name : 'standard';
}

/** A router at the customer's site, managed by us; its WAN side is the prefix of the ip-addressing service it stands on. */
export default activator({
  serviceType: 'managed-router',
  characteristics,
  steps: (step) => [
    step('register-router', {
      on: cpe,
      uses: ['model', 'serial'],
      apply: ({ want: { model, serial } }, net) => net.register({ model, serial }),
      undo: (_, net) => net.deregister(),
      lands: ({ deviceId, serial }) => ({
        characteristics: { deviceId, serial },
        resources: [{ id: deviceId, name: `Router ${serial}`, type: 'router' }],
      }),
    }),
    step('configure-router', {
      on: cpe,
      uses: ['model', 'features'],
      apply: ({ want, facts, supporting, specification }, net) => {
        const wan = supporting('ip-addressing')?.characteristics ?? facts;
        return net.configure({
          template: templateOf(specification),
          wanPrefix: wan['prefix'],
          wanGateway: wan['gateway'],
          features: want.features,
        });
      },
      undo: (_, net) => net.deconfigure(),
      suspend: (_, net) => net.suspend(),
      resume: (_, net) => net.resume(),
      lands: (_, { supporting }) => {
        const wan = supporting('ip-addressing')?.characteristics;
        return wan === undefined
          ? {}
          : { characteristics: { prefix: wan['prefix'] ?? null, gateway: wan['gateway'] ?? null } };
      },
    }),
  ],
});
