import { activatorConformance } from '../../../ops/verify/conformance/index.ts';
import voice from './index.ts';

activatorConformance(voice, {
  want: { codec: 'G.711', features: ['callerId', 'voicemail'] },
  change: { number: '+99910555000', codec: 'G.722', features: ['conference'], callForwarding: '+99970000001' },
  supporting: [{ serviceId: 'line', serviceType: 'broadband', characteristics: { port: '1/1/1' }, resources: [] }],
});
