/** What a service type's folder and the role that runs it see of the activation domain. */
export { type Activator, activator } from './activator.ts';
export { type ActivatorOutline, outlineActivator } from './outline.ts';
export { startActivator } from './worker.ts';
