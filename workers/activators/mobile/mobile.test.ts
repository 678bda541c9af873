import { activatorConformance } from '../../../ops/verify/conformance/index.ts';
import mobile from './index.ts';

activatorConformance(mobile, {
  want: { dataMb: 10_240, roaming: 'region' },
  change: { iccid: '8999901555555555555', msisdn: '+99970555000', dataMb: 51_200, roaming: 'world' },
});
