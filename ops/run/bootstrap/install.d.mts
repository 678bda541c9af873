/** Installs the packages unless they are what package-lock.json wants. */
export function ensureInstalled(clone: string): Promise<void>;
/** Does what npm's and the packages' own scripts would have done, then stamps the installation as complete. */
export function finishInstallation(clone: string): void;
/** True when node_modules is what package-lock.json wants on this kind of machine. */
export function isInstalled(clone: string): boolean;
/** What an installation depends on. */
export function fingerprint(clone: string): string;
/** Makes `npx patchbay` find the clone's own command. */
export function linkCli(clone: string): void;
