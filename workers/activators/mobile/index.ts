import { z } from 'zod';
import { activator } from '../../activation/index.ts';
import { elementManager } from '../../calls/element-manager.ts';

/** The subscriber register of the mobile network: repeats of a reference are answered, not done again. */
const hlr = elementManager('hlr', {
  operations: {
    reserve: z.looseObject({ iccid: z.string(), imsi: z.string() }),
    activate: z.looseObject({ msisdn: z.string() }),
    suspend: z.looseObject({}),
    resume: z.looseObject({}),
    deactivate: z.looseObject({}),
    release: z.looseObject({}),
  },
  timeout: '5s',
  settle: '2s',
});

const characteristics = z.object({
  iccid: z
    .string()
    .regex(/^89[0-9]{17,18}$/, 'the number of a SIM: 19 or 20 digits that begin with 89')
    .optional(),
  msisdn: z
    .string()
    .regex(/^[+][1-9][0-9]{6,14}$/, 'a number in E.164: + and 7 to 15 digits')
    .optional(),
  dataMb: z.coerce.number().int().min(0).max(1_000_000),
  roaming: z.enum(['none', 'region', 'world']).default('region'),
});

/** A SIM, and on it a subscription with a number. */
export default activator({
  serviceType: 'mobile',
  characteristics,
  steps: (step) => [
    step('reserve-sim', {
      on: hlr,
      uses: ['iccid'],
      apply: ({ want }, net) => net.reserve({ iccid: want.iccid }),
      undo: (_, net) => net.release(),
      lands: ({ iccid, imsi }) => ({
        characteristics: { iccid, imsi },
        resources: [{ id: iccid, name: `SIM ${iccid}`, type: 'sim' }],
      }),
    }),
    step('activate-subscription', {
      on: hlr,
      uses: ['msisdn', 'dataMb', 'roaming'],
      apply: ({ want: { msisdn, dataMb, roaming } }, net) => net.activate({ msisdn, dataMb, roaming }),
      undo: (_, net) => net.deactivate(),
      suspend: (_, net) => net.suspend(),
      resume: (_, net) => net.resume(),
      lands: ({ msisdn }) => ({
        characteristics: { msisdn },
        resources: [{ id: msisdn, name: `Number ${msisdn}`, type: 'msisdn' }],
      }),
      milestone: 'The SIM is in the network.',
    }),
  ],
  // From here on the phone is in the network, makes calls that are charged for, and its number is known to others.
  pointOfNoReturn: 'activate-subscription',
});
