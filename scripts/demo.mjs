// docs/demo.cast and docs/demo.svg: a session in a real terminal, typed by this script, as asciicast and as a picture that moves.
// Needs tmux, and kernel and ramdisk in artifacts/: make build && node scripts/demo.mjs
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx';

$.verbose = false;
const [width, height] = [88, 17];
const lines = [
  '# a command in a new kernel, with its output and its status',
  "eulab boot -- sh -c 'uname -sr; exit 42'; echo $?",
  '# streams are streams',
  'echo from the host | eulab boot -- tr a-z A-Z | rev',
  '# a boot that fails says why',
  'eulab boot --append rdinit=/bin/true -- true 2>&1 | cut -c1-86',
];

const frames = await record();
writeFileSync('docs/demo.cast', cast(frames));
writeFileSync('docs/demo.svg', svg(frames));

/** What the terminal showed, with the seconds since the beginning, each time that it showed something else. */
async function record() {
  const folder = mkdtempSync(join(tmpdir(), 'eulab-demo-'));
  const tmux = (...args) => $`tmux -L ${`eulab-demo-${process.pid}`} -f /dev/null ${args}`;
  const bin = join(folder, 'eulab');
  writeFileSync(bin, `#!/bin/sh\nexec node ${resolve('dist/eulab.mjs')} -C ${resolve('.')} "$@"\n`, { mode: 0o755 });
  const shell = [
    'env',
    '-i',
    `PATH=${folder}:${process.env.PATH}`,
    `HOME=${process.env.HOME}`,
    'TERM=tmux-256color',
    'EULAB_CONFIG=none',
  ];
  try {
    await tmux('new-session', '-d', '-x', width, '-y', height, ...shell, 'PS1=$ ', 'sh');
    await tmux('set', '-g', 'status', 'off');
    const frames = [];
    const began = performance.now();
    const look = async () => {
      const shown = (await tmux('capture-pane', '-e', '-p')).stdout.replace(/\n+$/, '');
      if (shown !== frames.at(-1)?.shown) frames.push({ seconds: (performance.now() - began) / 1000, shown });
      return shown;
    };
    for (const line of lines) {
      // A word at a time, as fast as one reads.
      for (const word of line.split(/(?<= )/)) {
        await tmux('send-keys', '-l', '--', word);
        await sleep(120);
        await look();
      }
      await tmux('send-keys', 'Enter');
      do await sleep(100);
      while (!(await look()).endsWith('\n$'));
      await sleep(line.startsWith('#') ? 200 : 1500);
    }
    return frames;
  } finally {
    await tmux('kill-server').nothrow();
    rmSync(folder, { recursive: true });
  }
}

/** @see https://docs.asciinema.org/manual/asciicast/v2/ */
function cast(frames) {
  const header = { version: 2, width, height, title: 'eulab', env: { TERM: 'xterm-256color' } };
  const events = frames.map(({ seconds, shown }) => [
    Number(seconds.toFixed(2)),
    'o',
    `\u001b[H\u001b[2J${shown.replaceAll('\n', '\r\n')} `,
  ]);
  return [header, ...events].map((one) => `${JSON.stringify(one)}\n`).join('');
}

/** Each line once; each frame is where its lines stand, shown for its time. */
function svg(frames) {
  const [letter, row, edge] = [8.4, 18, 14];
  const last = frames.at(-1).seconds + 4;
  const texts = new Map();
  const idOf = (line) => {
    if (!texts.has(line)) texts.set(line, `l${texts.size.toString(36)}`);
    return texts.get(line);
  };
  const groups = frames.map(({ shown, seconds }, index) => {
    const until = frames[index + 1]?.seconds ?? last;
    const uses = shown
      .split('\n')
      .flatMap((line, y) => (line.trim() === '' ? [] : [`<use href="#${idOf(line)}" y="${y * row}"/>`]));
    const at = (time) => `${((100 * time) / last).toFixed(2)}%`;
    const steps = `#f${index}{animation-name:f${index}}@keyframes f${index}{0%{opacity:${index === 0 ? 1 : 0}}${index === 0 ? '' : `${at(seconds)}{opacity:1}`}${at(until)}{opacity:0}}`;
    return { steps, group: `<g id="f${index}">${uses.join('')}</g>` };
  });
  const style = [
    'text{font:14px/18px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d4d4d4;white-space:pre}',
    '.c{fill:#7f8c8d}.p{fill:#6cc644}.r{fill:#ff6b6b}.y{fill:#e5c07b}',
    // Where nothing may move, the end.
    `g[id]{opacity:0}#f${frames.length - 1}{opacity:1}`,
    `@media (prefers-reduced-motion:no-preference){g[id]{animation:${last.toFixed(2)}s step-end infinite}`,
    ...groups.map(({ steps }) => steps),
    '}',
  ].join('');
  const [wide, high] = [Math.ceil(width * letter + 2 * edge), height * row + 2 * edge];
  const defs = [...texts].map(
    ([line, id]) => `<text id="${id}" textLength="${(plain(line).length * letter).toFixed(1)}">${coloured(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${wide} ${high}" width="${wide}" height="${high}" role="img"><title>A terminal in which eulab boots kernels</title><style>${style}</style><defs>${defs.join('')}</defs><rect width="100%" height="100%" rx="8" fill="#1e1e1e"/><g transform="translate(${edge} ${edge + 13})">${groups.map(({ group }) => group).join('')}</g></svg>\n`;
}

function plain(line) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what tmux marks colours with
  return line.replaceAll(/\u001b\[[\d;]*m/g, '').trimEnd();
}

/** A line with the colours of a prompt, a comment and an error. */
function coloured(line) {
  const text = plain(line).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  if (text.startsWith('$ #')) return `<tspan class="p">$</tspan><tspan class="c">${text.slice(1)}</tspan>`;
  if (text.startsWith('$')) return `<tspan class="p">$</tspan>${text.slice(1)}`;
  if (text.startsWith('eulab: ')) return `<tspan class="r">eulab:</tspan>${text.slice(6)}`;
  return text.startsWith('  hint:') ? `<tspan class="y">  hint:</tspan>${text.slice(7)}` : text;
}
