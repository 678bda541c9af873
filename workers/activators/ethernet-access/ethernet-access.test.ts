import { activatorConformance } from '../../../ops/verify/conformance/index.ts';
import ethernetAccess from './index.ts';

activatorConformance(ethernetAccess, {
  want: { site: 'SITE-4711', bandwidthMbps: 100, vlan: 7 },
  change: { bandwidthMbps: 200 },
  specification: { activation: { waits: { 'order-port': { deadline: '5s', pollEvery: '20ms' } } } },
});
