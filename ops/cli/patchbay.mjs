#!/usr/bin/env node
// `npx patchbay <verb>`: installs what is missing, then runs the command line with the pinned Node.
import { launch } from '../run/bootstrap/launch.mjs';

await launch('cli', process.argv.slice(2));
