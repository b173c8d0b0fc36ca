/** A function in a profile. */
export interface ShownFunction {
  name: string;
  file: string;
  line: number;
  column: number;
  startLine: number;
}

/** What test/fixtures/source-maps.cjs prints. */
export interface Report {
  heap: ShownFunction[];
  exiting: ShownFunction[];
  block: ShownFunction[];
  cpu: ShownFunction[];
  text: string;
  records: string[];
  unused: string[];
  stats: { sourceMaps: number; missingSourceMaps: number; brokenSourceMaps: number; lostSourcePlaces: number };
  /** What keeps the process alive. */
  resources: string[];
}
