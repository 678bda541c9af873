import { activatorConformance } from '../../../ops/verify/conformance/index.ts';
import broadband from './index.ts';

activatorConformance(broadband, {
  want: { downMbps: 1_000, technology: 'XGS-PON' },
  change: { downMbps: 2_000, upMbps: 500, vlan: 7 },
});
