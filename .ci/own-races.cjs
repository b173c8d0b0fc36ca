// own-races.cjs REPORT...: prints the ThreadSanitizer reports in which an access was made by the addon's own code, and
// ends with code 1 if there are any. Node is not instrumented, so its locks look like races, and a garbage collection
// that the addon asks for has the addon on its stack: what counts is who made the access, below the sanitizer's and the
// standard library's frames.
const { readFileSync } = require('node:fs');

const RUNTIME = /\((libtsan|libstdc\+\+|libc)\.so|\/libsanitizer\/|\/include\/c\+\+\//;

function isOwn(report) {
  const accesses = report.split(/\n\s*\n/).filter((part) => /^\s*(Previous )?(atomic )?(read|write) of size/im.test(part));
  return accesses.some((access) => {
    const frames = access.split('\n').filter((line) => /^\s*#\d+ /.test(line));
    return frames.find((line) => !RUNTIME.test(line))?.includes('(mprof.node+');
  });
}

const reports = process.argv.slice(2).flatMap((file) => readFileSync(file, 'utf8').split('=================='));
const own = reports.filter((report) => /WARNING: ThreadSanitizer/.test(report) && isOwn(report));
console.log(own.join('\n'));
console.log(`${own.length} of the addon's own`);
process.exitCode = own.length === 0 ? 0 : 1;
