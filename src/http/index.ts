/**
 * Profiles over HTTP, at the paths and with the answers of Go's net/http/pprof.
 *
 *     import { listen } from 'mprof/http';
 *     await listen();                        // a server of its own, http://127.0.0.1:6060
 *
 *     import { handler } from 'mprof/http';
 *     http.createServer(handler);            // or in a server you have: app.use(handler)
 *
 * Then:
 *
 *     go tool pprof http://127.0.0.1:6060/debug/pprof/heap
 *     go tool pprof http://127.0.0.1:6060/debug/pprof/allocs?seconds=30
 *
 * Routes: `/debug/pprof/` lists the profiles, `/debug/pprof/NAME` serves one, `/debug/pprof/cmdline` the command line,
 * `/debug/pprof/symbol` function names. Parameters: `debug` (not 0: text), `gc=1` (collect first; heap only) and
 * `seconds` (1 to 60: what changed in that time, as protobuf). Sixteen requests with `seconds` and sixteen without are
 * worked on at once; more get status 503.
 *
 * @module
 */
export { createFetchHandler, type FetchHandler } from './fetch-handler';
export { createHandler, handler, type Handler } from './handler';
export { listen, type ListenOptions } from './listen';
export type { HandlerOptions } from './settings';
