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
 * Routes below `/debug/pprof/`: the index page, each profile by its name, `symbol`, `cmdline`, and `delta_heap`,
 * `delta_block` and `delta_mutex`, which tell what was counted since they were last asked, and `profile`, which samples this
 * thread's CPU time for `seconds`, 30 where it says none. Parameters of a profile: `debug`
 * (not 0: text), `gc=1` (collect first; heap only) and `seconds` (what changed in that time, as protobuf).
 *
 * @module
 */
export { createFetchHandler, type FetchHandler } from './fetch-handler';
export { createHandler, handler, type Handler } from './handler';
export { listen, type ListenOptions } from './listen';
export type { HandlerOptions } from './settings';
