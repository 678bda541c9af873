import { activatorConformance } from '../../../ops/verify/conformance/index.ts';
import tv from './index.ts';

activatorConformance(tv, {
  want: { packages: ['basic', 'sport'], streams: 2, quality: 'HD', recordingHours: 50 },
  change: { packages: ['basic', 'cinema'], streams: 4, quality: 'UHD', recordingHours: 200 },
  supporting: [{ serviceId: 'line', serviceType: 'broadband', characteristics: { port: '1/1/1' }, resources: [] }],
});
