import { z } from 'zod';
import { manager, operationsOn, refuse } from '../../../ops/simulator/manager.ts';

const entitlements = {
  packages: z.array(z.string()).min(1),
  streams: z.int().positive(),
  quality: z.enum(['SD', 'HD', 'UHD']),
};

const holdings = z.strictObject({
  accountId: z.string().optional(),
  /** Where the account is watched from. */
  accessPort: z.string().optional(),
  ...z.object(entitlements).partial().shape,
  recordingHours: z.number().optional(),
  suspended: z.literal(true).optional(),
});
type Account = z.output<typeof holdings>;

const operation = operationsOn<Account>();
const nothing = z.strictObject({});
const noAccount = refuse('no-account', 'open an account before anything else');

const offered: readonly string[] = ['basic', 'cinema', 'documentary', 'international', 'kids', 'music', 'sport'];

/** Room for one account. More is refused, so that a service is seen that goes on without its recordings. */
const MOST_HOURS = 500;

const accountOf = ({ accountId, accessPort }: Account): Account => ({ accountId, accessPort });

/** The content platform as the network simulator plays it. Idempotent by reference. */
export default manager<Account>({
  name: 'iptv',
  title: 'Content platform',
  idempotent: true,
  holdings,
  claims: ({ accountId }) => (accountId === undefined ? [] : [accountId]),
  operations: {
    open: operation({
      summary: 'Opens an account that is watched from an access port, or moves the one there is',
      parameters: z.strictObject({ accessPort: z.string().optional() }),
      carryOut: (account, { accessPort }, site) => {
        const accountId = account.accountId ?? `tv-${String(site.number('account')).padStart(7, '0')}`;
        return { held: { ...account, accountId, accessPort }, facts: { accountId, accessPort } };
      },
      /** The account is there; where it is watched from stays what it was. */
      partial: (before, after) => ({ ...after, accessPort: before.accessPort }),
    }),

    grant: operation({
      summary: 'Entitles the account to exactly these packages, streams and quality',
      parameters: z.strictObject(entitlements),
      carryOut: (account, wanted) => {
        if (account.accountId === undefined) return noAccount;
        const unknown = wanted.packages.find((one) => !offered.includes(one));
        if (unknown !== undefined)
          return refuse('package-not-offered', `there is no ${unknown}; there are ${offered.join(', ')}`, 422);
        return { held: { ...account, ...wanted }, facts: { accountId: account.accountId, ...wanted } };
      },
      /** The packages are there; streams and quality stay what they were. */
      partial: (before, after) => ({ ...after, streams: before.streams, quality: before.quality }),
    }),

    record: operation({
      summary: 'Keeps recordings of so many hours; 0 for none',
      parameters: z.strictObject({ recordingHours: z.int().min(0) }),
      carryOut: (account, { recordingHours }) => {
        if (account.packages === undefined) return refuse('not-entitled', 'there is nothing to record');
        if (recordingHours > MOST_HOURS)
          return refuse('no-room', `an account can keep ${MOST_HOURS} hours, not ${recordingHours}`);
        return {
          held: { ...account, recordingHours: recordingHours === 0 ? undefined : recordingHours },
          facts: { recordingHours },
        };
      },
      partial: (before) => before,
    }),

    unrecord: operation({
      summary: 'Keeps no recordings any more',
      parameters: nothing,
      carryOut: ({ recordingHours, ...account }) => ({
        held: account,
        facts: recordingHours === undefined ? { nothing: true } : { recordingHours: 0 },
      }),
      partial: (before) => before,
    }),

    suspend: operation({
      summary: 'Shows a notice in place of every channel; account and entitlements stay',
      parameters: nothing,
      carryOut: (account) =>
        account.accountId === undefined
          ? noAccount
          : { held: { ...account, suspended: true }, facts: { accountId: account.accountId, suspended: true } },
      partial: (before) => before,
    }),

    resume: operation({
      summary: 'Shows the channels again',
      parameters: nothing,
      carryOut: ({ suspended: _, ...account }) =>
        account.accountId === undefined
          ? noAccount
          : { held: account, facts: { accountId: account.accountId, suspended: false } },
      partial: (before) => before,
    }),

    revoke: operation({
      summary: 'Takes every entitlement away and keeps the account',
      parameters: nothing,
      carryOut: (account) => ({
        held: { ...accountOf(account), recordingHours: account.recordingHours },
        facts: account.packages === undefined ? { nothing: true } : { revoked: account.packages },
      }),
      /** The packages go, streams and quality stay. */
      partial: (before) => ({ ...before, packages: undefined }),
    }),

    close: operation({
      summary: 'Closes the account with everything in it',
      parameters: nothing,
      carryOut: ({ accountId }) => ({
        held: {},
        facts: accountId === undefined ? { nothing: true } : { closed: accountId },
      }),
      /** The entitlements go, the account stays. */
      partial: (before) => accountOf(before),
    }),
  },
});
