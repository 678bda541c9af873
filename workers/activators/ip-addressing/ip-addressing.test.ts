import { activatorConformance } from '../../../ops/verify/conformance/index.ts';
import ipAddressing from './index.ts';

activatorConformance(ipAddressing, {
  want: { prefixLength: 29, reverseDns: 'bakery.example.net' },
  change: { prefixLength: 28, reverseDns: 'mill.example.net' },
});
