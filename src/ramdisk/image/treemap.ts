/** A file of a treemap. */
export type Tile = readonly [path: string, bytes: number];

/** A folder, or a file, with what it takes. */
interface Area {
  readonly name: string;
  readonly path: string;
  bytes: number;
  readonly below: Map<string, Area>;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const mostTiles = 4000;
const deepest = 12;

/**
 * A page that shows files as areas of their size, folders around them; nothing is loaded from elsewhere. Pure; `text` says a
 * number of bytes. The smallest of very many files are left out.
 */
export function treemap(title: string, files: readonly Tile[], text: (bytes: number) => string): string {
  const shownFiles = [...files].sort((a, b) => b[1] - a[1]).slice(0, mostTiles);
  const root: Area = { name: '/', path: '', bytes: 0, below: new Map() };
  for (const [path, bytes] of shownFiles) add(root, path, bytes);
  const whole = files.reduce((sum, [, bytes]) => sum + bytes, 0);
  const tiles = [...boxes(root, { x: 0, y: 0, width: 1200, height: 760 }, 0)].join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<style>body{font:14px sans-serif;margin:1em}svg{width:100%;height:auto}rect{stroke:#fff}text{font:11px sans-serif;pointer-events:none}</style></head>
<body><h1>${escaped(title)}</h1><p>${files.length} files, ${escaped(text(whole))}${files.length > mostTiles ? `; the ${mostTiles} largest are shown` : ''}</p>
<svg viewBox="0 0 1200 760" role="img">
${tiles}
</svg></body></html>
`;

  function* boxes(area: Area, box: Box, depth: number): Generator<string> {
    if (box.width < 1 || box.height < 1) return;
    const hue = (hash(area.path.split('/')[0] ?? '') * 47) % 360;
    const leaf = area.below.size === 0 || depth >= deepest;
    const place = `x="${box.x.toFixed(1)}" y="${box.y.toFixed(1)}" width="${box.width.toFixed(1)}" height="${box.height.toFixed(1)}"`;
    const name = `/${escaped(area.path)}: ${escaped(text(area.bytes))}`;
    yield `<rect ${place} fill="hsl(${hue} 55% ${leaf ? 70 : 88}%)"><title>${name}</title></rect>`;
    const letters = Math.floor((box.width - 6) / 6.5);
    if (letters >= 3 && box.height >= 14) {
      yield `<text x="${(box.x + 3).toFixed(1)}" y="${(box.y + 11).toFixed(1)}">${escaped(area.name.slice(0, letters))}</text>`;
    }
    if (leaf) return;
    const inside = { x: box.x + 2, y: box.y + 14, width: box.width - 4, height: box.height - 16 };
    for (const [child, place] of split(
      [...area.below.values()].sort((a, b) => b.bytes - a.bytes),
      inside,
    ))
      yield* boxes(child, place, depth + 1);
  }
}

function add(root: Area, path: string, bytes: number): void {
  const parts = path.split('/').slice(0, deepest + 1);
  let at = root;
  at.bytes += bytes;
  for (const [index, name] of parts.entries()) {
    const here = parts.slice(0, index + 1).join('/');
    const next = at.below.get(name) ?? { name, path: here, bytes: 0, below: new Map() };
    at.below.set(name, next);
    next.bytes += bytes;
    at = next;
  }
}

/** Halves a box again and again, along its longer side, by what lies in each half. */
function* split(areas: readonly Area[], box: Box): Generator<readonly [Area, Box]> {
  const [first] = areas;
  if (first === undefined) return;
  if (areas.length === 1) return yield [first, box];
  const total = areas.reduce((sum, { bytes }) => sum + bytes, 0);
  let [count, sum] = [1, first.bytes];
  while (count < areas.length - 1 && sum + (areas[count]?.bytes ?? 0) / 2 < total / 2) {
    sum += areas[count]?.bytes ?? 0;
    count += 1;
  }
  const share = total === 0 ? count / areas.length : sum / total;
  const wide = box.width >= box.height;
  const [width, height] = wide ? [box.width * share, box.height] : [box.width, box.height * share];
  yield* split(areas.slice(0, count), { ...box, width, height });
  const rest = wide
    ? { ...box, x: box.x + width, width: box.width - width }
    : { ...box, y: box.y + height, height: box.height - height };
  yield* split(areas.slice(count), rest);
}

function hash(text: string): number {
  let sum = 7;
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return sum;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
