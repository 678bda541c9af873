import { explain } from '../run/bootstrap/explain.ts';
import { Sentence } from '../run/bootstrap/sentence.ts';
import { loadSamples } from './load.ts';

/** What a deployment runs once its roles are healthy, to take the sample orders (DATABASE_URL). `npm start` does the same by itself. */
const { DATABASE_URL } = process.env;
try {
  if (!DATABASE_URL) throw new Sentence('Set DATABASE_URL to the database of the system that is to have the samples.');
  console.log(`loaded ${await loadSamples(DATABASE_URL)} sample service specifications`);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
