/** Decomposition rules of the conformance tests' own: as little as brings an order into every state. */
import type { DecompositionRuleFile, RecoveryPolicy } from '../../contracts/messages/decomposition.ts';

const version = '1.0';
const rule = (id: string, rest: Partial<DecompositionRuleFile>): DecompositionRuleFile => ({
  ...{ specification: { id, version }, version: '1', revision: 1, lifecycleStatus: 'active', name: id },
  ...rest,
});
const access = {
  name: 'access',
  specification: { id: 'broadband-access', version },
  serviceType: 'broadband',
  characteristics: { downMbps: { from: 'downMbps' } },
};
const speed = { name: 'downMbps', valueType: 'integer', required: false, default: 100 } as const;

export const rules: readonly DecompositionRuleFile[] = [
  rule('a-line', { characteristics: [speed], services: [access] }),
  rule('a-site', {
    characteristics: [speed],
    services: [
      access,
      {
        name: 'prefix',
        specification: { id: 'ip-prefix', version },
        serviceType: 'ip-addressing',
        characteristics: { prefixLength: { value: 29 } },
        standsOn: ['access'],
      },
    ],
  }),
  rule('a-port', {
    services: [
      {
        name: 'port',
        specification: { id: 'ethernet-access', version },
        serviceType: 'ethernet-access',
        characteristics: { site: { value: 'SITE-1' }, bandwidthMbps: { value: 100 } },
      },
    ],
  }),
  rule('a-home', {
    products: [
      { name: 'upstairs', specification: { id: 'a-line', version } },
      { name: 'downstairs', specification: { id: 'a-line', version } },
    ],
  }),
];

/** What the network refuses: an address needs a person, a line takes its product back. */
export const policies: readonly RecoveryPolicy[] = [
  { serviceType: 'ip-addressing', revision: 1, cases: { any: [{ do: 'hold' }] } },
  { serviceType: 'broadband', revision: 1, cases: { any: [{ do: 'compensate' }] } },
];
