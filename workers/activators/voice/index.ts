import { z } from 'zod';
import { activator } from '../../activation/index.ts';
import { elementManager } from '../../calls/element-manager.ts';

/** The voice platform: repeats of a reference are answered, not done again. */
const ims = elementManager('ims', {
  operations: {
    reserve: z.looseObject({ number: z.string() }),
    provision: z.looseObject({ codec: z.string(), accessPort: z.string().optional() }),
    suspend: z.looseObject({}),
    resume: z.looseObject({}),
    deprovision: z.looseObject({}),
    release: z.looseObject({}),
  },
  timeout: '5s',
  settle: '2s',
});

const e164 = z.string().regex(/^[+][1-9][0-9]{6,14}$/, 'a number in E.164: + and 7 to 15 digits');

const characteristics = z.object({
  number: e164.optional(),
  codec: z.enum(['G.711', 'G.722', 'G.729']).default('G.722'),
  features: z
    .array(z.enum(['callerId', 'callWaiting', 'conference', 'voicemail', 'anonymousCallRejection']))
    .default(['callerId']),
  callForwarding: e164.nullish(),
});

/** A telephone number and the line that rings, registered behind the access port of the broadband service it stands on. */
export default activator({
  serviceType: 'voice',
  characteristics,
  steps: (step) => [
    step('reserve-number', {
      on: ims,
      uses: ['number'],
      apply: ({ want }, net) => net.reserve({ number: want.number }),
      undo: (_, net) => net.release(),
      lands: ({ number }) => ({
        characteristics: { number },
        resources: [{ id: number, name: `Number ${number}`, type: 'telephoneNumber' }],
      }),
    }),
    step('provision-line', {
      on: ims,
      uses: ['codec', 'features', 'callForwarding'],
      apply: ({ want: { codec, features, callForwarding }, facts, supporting }, net) =>
        net.provision({
          codec,
          features,
          callForwarding: callForwarding ?? undefined,
          accessPort: supporting('broadband')?.characteristics['port'] ?? facts['accessPort'],
        }),
      undo: (_, net) => net.deprovision(),
      suspend: (_, net) => net.suspend(),
      resume: (_, net) => net.resume(),
      lands: ({ accessPort }) => (accessPort === undefined ? {} : { characteristics: { accessPort } }),
      milestone: 'The number can be called.',
    }),
  ],
});
