// own-reports.cjs races|leaks REPORT...: prints those of a sanitizer's reports that are of the addon's own making, and
// ends with code 1 if there are any.
//
// Races: Node is not instrumented, so its locks look like races, and a garbage collection that the addon asks for has
// the addon on its stack: what counts is who made the access, below the sanitizer's and the standard library's frames.
// Leaks: V8 and Node leave some memory to the system at the end; what counts is memory that was asked for by the addon or
// on its behalf. An error in using memory, or undefined behaviour, counts wherever it is.
const { readFileSync } = require('node:fs');

const RUNTIME = /\((libtsan|libstdc\+\+|libc)\.so|\/libsanitizer\/|\/include\/c\+\+\//;
const OWN = /\(mprof\.node\+|\/mprof\.node\+|\/native\/[a-z_]+\.(?:cc|h):/;

const LEAK = /^(Direct|Indirect) leak of/m;
const ERROR = /ERROR: AddressSanitizer|: runtime error: /;

const framesOf = (text) => text.split('\n').filter((line) => /^\s*#\d+ /.test(line));

const kinds = {
  races: {
    split: (text) => text.split('==================').filter((report) => /WARNING: ThreadSanitizer/.test(report)),
    isOwn(report) {
      const accesses = report.split(/\n\s*\n/).filter((part) => /^\s*(Previous )?(atomic )?(read|write) of size/im.test(part));
      return accesses.some((access) => OWN.test(framesOf(access).find((line) => !RUNTIME.test(line)) ?? ''));
    },
  },
  leaks: {
    split: (text) => text.split(/\n\s*\n/).filter((report) => LEAK.test(report) || ERROR.test(report)),
    isOwn: (report) => ERROR.test(report) || framesOf(report).some((line) => OWN.test(line)),
  },
};

const [kind, ...files] = process.argv.slice(2);
const { split, isOwn } = kinds[kind];
const reports = files.flatMap((file) => split(readFileSync(file, 'utf8')));
const own = reports.filter(isOwn);
console.log(own.join('\n\n'));
console.log(`${kind}: ${own.length} of the addon's own, ${reports.length - own.length} others`);
process.exitCode = own.length === 0 ? 0 : 1;
