/** Part of the installation's fingerprint. */
export const mendVersion: string;
/** Mends the driver in a node_modules folder. Returns how many files were mended now. */
export function mendDriver(modules: string): number;
/** The files of a driver as they were published, by their names in the package. */
export function publishedFiles(modules: string): { readonly file: string; readonly text: string }[];
