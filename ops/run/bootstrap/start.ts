import { board } from './board.ts';
import { parseReplicas } from './replicas.ts';
import { explain } from './explain.ts';
import { say, complain } from './say.ts';
import { up } from './up.ts';

/** `npm start`: everything up, in the foreground. `npm start -- --replicas 2` or PATCHBAY_REPLICAS=2 for more of each role. */
try {
  const began = performance.now();
  await up({
    env: process.env,
    replicas: parseReplicas(process.argv.slice(2), process.env),
    tell: say,
    onReady: (run) => {
      say(board(run));
      say(`up in ${((performance.now() - began) / 1000).toFixed(1)} s; Ctrl-C stops everything`);
      // Alone on its line, so that scripts can wait for it.
      say('ready');
    },
  });
  process.exit();
} catch (error) {
  complain(explain(error));
  process.exit(1);
}
