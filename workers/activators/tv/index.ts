import { z } from 'zod';
import { activator } from '../../activation/index.ts';
import { elementManager } from '../../calls/element-manager.ts';

/** The content platform: repeats of a reference are answered, not done again. */
const iptv = elementManager('iptv', {
  operations: {
    open: z.looseObject({ accountId: z.string(), accessPort: z.string().optional() }),
    grant: z.looseObject({ packages: z.array(z.string()) }),
    record: z.looseObject({ recordingHours: z.number() }),
    suspend: z.looseObject({}),
    resume: z.looseObject({}),
    unrecord: z.looseObject({}),
    revoke: z.looseObject({}),
    close: z.looseObject({}),
  },
  timeout: '5s',
  settle: '2s',
});

const characteristics = z.object({
  /** Which packages there are is the platform's to say: they come and go with its contracts. */
  packages: z.array(z.string().min(1).max(60)).min(1).max(40),
  streams: z.coerce.number().int().min(1).max(8).default(2),
  quality: z.enum(['SD', 'HD', 'UHD']).default('HD'),
  recordingHours: z.coerce.number().int().min(0).max(1_000).default(0),
});

/** Television over the access line it stands on: an account, what it may watch, and recordings if there is room for them. */
export default activator({
  serviceType: 'tv',
  characteristics,
  steps: (step) => [
    step('open-account', {
      on: iptv,
      uses: [],
      apply: ({ facts, supporting }, net) =>
        net.open({ accessPort: supporting('broadband')?.characteristics['port'] ?? facts['accessPort'] }),
      undo: (_, net) => net.close(),
      lands: ({ accountId, accessPort }) => ({
        characteristics: { accountId, ...(accessPort === undefined ? {} : { accessPort }) },
        resources: [{ id: accountId, name: `Account ${accountId}`, type: 'contentAccount' }],
      }),
    }),
    step('grant-packages', {
      on: iptv,
      uses: ['packages', 'streams', 'quality'],
      apply: ({ want: { packages, streams, quality } }, net) => net.grant({ packages, streams, quality }),
      undo: (_, net) => net.revoke(),
      suspend: (_, net) => net.suspend(),
      resume: (_, net) => net.resume(),
      milestone: 'The channels can be watched.',
    }),
    step('enable-recording', {
      on: iptv,
      uses: ['recordingHours'],
      optional: true,
      apply: ({ want: { recordingHours } }, net) => net.record({ recordingHours }),
      undo: (_, net) => net.unrecord(),
      milestone: 'Recordings are kept.',
    }),
  ],
  policy: { partial: 'keep' },
});
