import { activatorConformance } from '../../../ops/verify/conformance/index.ts';
import managedRouter from './index.ts';

activatorConformance(managedRouter, {
  want: { model: 'R200', features: ['firewall'] },
  change: { model: 'R400', features: ['firewall', 'wifi'] },
  supporting: [
    {
      serviceId: 'prefix',
      serviceType: 'ip-addressing',
      characteristics: { prefix: '10.160.0.0/29', gateway: '10.160.0.1' },
      resources: [],
    },
  ],
  specification: { configurationTemplate: { name: 'business-router' } },
});
