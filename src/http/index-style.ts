/** The style of the index page. Its colours are those the reader's browser has for light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 25%, Canvas); --soft: color-mix(in srgb, CanvasText 7%, Canvas); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; background: Canvas; color: CanvasText; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line); }
th[scope=row] { font-weight: normal; white-space: nowrap; } th[scope=row] a + a { margin-left: .5rem; }
.count { text-align: right; font-variant-numeric: tabular-nums; }
code, pre { font: 13px/1.6 ui-monospace, monospace; }
pre { background: var(--soft); margin: 0 0 .75rem; padding: .5rem .75rem; overflow-x: auto; user-select: all; }
.what { margin: 0 0 .15rem; }
dt { float: left; clear: left; min-width: 7rem; } dd { margin: 0 0 .25rem 7rem; }
:focus-visible { outline: 2px solid Highlight; outline-offset: 2px; }
`;
