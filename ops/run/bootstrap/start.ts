import { board } from './board.ts';
import { parseReplicas } from './replicas.ts';
import { explain } from './sentence.ts';
import { up } from './up.ts';

/** `npm start`: everything up, in the foreground. `npm start -- --replicas 2` or PATCHBAY_REPLICAS=2 for more of each role. */
try {
  const began = performance.now();
  await up({
    env: process.env,
    replicas: parseReplicas(process.argv.slice(2), process.env),
    tell: (line) => console.log(line),
    onReady: (run) => {
      console.log(board(run));
      console.log(`up in ${((performance.now() - began) / 1000).toFixed(1)} s; Ctrl-C stops everything`);
      // Alone on its line, so that scripts can wait for it.
      console.log('ready');
    },
  });
  process.exit(0);
} catch (error) {
  console.error(explain(error));
  process.exit(1);
}
