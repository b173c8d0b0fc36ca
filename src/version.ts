/** This package's version. */
export const VERSION = (require('../package.json') as { version: string }).version;
