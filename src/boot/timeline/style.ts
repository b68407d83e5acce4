/** The look of the timeline's page: light and dark as the reader has it, and fit for paper. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #f6f6f4; --card: #ffffff; --ink: #1d2126; --soft: #646c77; --line: #e3e4e1; --grid: #ecedea;
  --host: #8b95a7; --firmware: #d9982b; --kernel: #3874cb; --user: #2c9a6b; --mark: #fff3d6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1c2026; --ink: #e7e9ec; --soft: #9aa3af; --line: #2c323a; --grid: #262b32;
    --host: #7d889b; --firmware: #dba445; --kernel: #5b95ea; --user: #45b685; --mark: #3a3320;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
header { margin-bottom: 1.5rem; }
h1 { margin: 0; font-size: 1rem; font-weight: 600; color: var(--soft); }
h2 { margin: 0 0 .25rem; font-size: 1.1rem; }
.total { font-size: 3rem; line-height: 1.15; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.facts { margin: .25rem 0 0; color: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem 1.5rem 1.4rem; margin-top: 1.25rem; }
section > p { margin: 0 0 .9rem; color: var(--soft); max-width: 46rem; }
svg { display: block; width: 100%; }
svg text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: var(--soft); }
.whole text { fill: #fff; font-weight: 600; text-anchor: middle; dominant-baseline: central; }
.host { fill: var(--host); } .firmware { fill: var(--firmware); } .kernel { fill: var(--kernel); } .user { fill: var(--user); }
.shade { fill-opacity: .75; } .part { fill-opacity: .45; }
.cut { stroke: var(--card); stroke-width: 1.5; }
.tick { stroke: var(--line); }
.legend { display: flex; flex-wrap: wrap; gap: .35rem 1.75rem; list-style: none; margin: 1rem 0 0; padding: 0; }
.legend svg { display: inline-block; width: 12px; height: 12px; margin-right: .45rem; vertical-align: -1px; }
.legend b { font-variant-numeric: tabular-nums; font-weight: 600; margin-left: .35rem; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .34rem .5rem; text-align: left; vertical-align: middle; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-size: .82rem; font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; width: 21rem; }
th:first-child, td:first-child { padding-left: 0; } td:last-child, th:last-child { padding-right: 0; }
.figure { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; width: 1%; }
.bar { min-width: 12rem; }
#phases td.bar { padding: 0; background: linear-gradient(to right, var(--grid) 1px, transparent 1px) 0 0 / var(--step) 100%; }
#phases th.bar { padding-left: 0; }
.child th { font-weight: 400; padding-left: 1.1rem; color: var(--soft); border-top: 0; } .child td { border-top: 0; color: var(--soft); }
.child th, .child td { padding-top: .05rem; padding-bottom: .15rem; }
.what { display: block; color: var(--soft); font-size: .8rem; font-weight: 400; line-height: 1.35; }
code, .name { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.calls td, .calls th { padding-top: .16rem; padding-bottom: .16rem; }
.calls tbody th { width: 19rem; } .calls .level { color: var(--soft); white-space: nowrap; width: 1%; }
thead button { all: unset; cursor: pointer; } thead button:focus-visible { outline: 2px solid var(--kernel); outline-offset: 2px; }
[aria-sort=descending] button::after { content: " ↓"; } [aria-sort=ascending] button::after { content: " ↑"; }
.search { float: right; padding: .3rem .6rem; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: var(--ink); font: inherit; }
tr.lit > * { background: var(--mark); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: 0; } dt { color: var(--soft); } dd { margin: 0; }
@media (max-width: 640px) {
  .whole text { display: none; }
  main { padding: 1.25rem .6rem 2rem; } section { padding: 1rem .8rem; } .bar { min-width: 5rem; } .what, .calls .level { display: none; }
  tbody th, .calls tbody th { width: auto; } .search { float: none; width: 100%; margin-bottom: .6rem; } dl { grid-template-columns: 1fr; }
}
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --grid: #e6e6e6; }
  body { font-size: 10pt; } main { max-width: none; padding: 0; } section { border: 0; padding: 0; margin-top: 1.2rem; } .search { display: none; }
  tr, .whole { break-inside: avoid; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;

/** Sorting by a click on a column, a search, and the row of the bar under the pointer; the page is whole without. */
export const script = `
const table = document.querySelector('.calls table');
if (table) {
  const body = table.tBodies[0];
  for (const head of table.querySelectorAll('thead th[data-key]')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const key = head.dataset.key;
      const words = key === 'name' || key === 'level';
      const down = head.ariaSort ? head.ariaSort === 'ascending' : !words;
      for (const other of table.querySelectorAll('thead th')) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const compare = (a, b) => (words ? a.dataset[key].localeCompare(b.dataset[key]) : a.dataset[key] - b.dataset[key]);
      body.append(...[...body.rows].sort((a, b) => (down ? compare(b, a) : compare(a, b))));
    });
  }
  const search = document.createElement('input');
  search.type = 'search';
  search.className = 'search';
  search.placeholder = 'Find an initcall';
  search.setAttribute('aria-label', 'Find an initcall');
  search.addEventListener('input', () => {
    for (const row of body.rows) row.hidden = !row.dataset.name.includes(search.value.trim());
  });
  table.before(search);
}
for (const part of document.querySelectorAll('.whole [data-phase]')) {
  const row = document.getElementById(part.dataset.phase);
  part.addEventListener('pointerenter', () => row.classList.add('lit'));
  part.addEventListener('pointerleave', () => row.classList.remove('lit'));
}
`;
