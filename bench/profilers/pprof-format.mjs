export { Profile } from 'pprof-format';
