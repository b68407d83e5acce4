import { expect, test } from 'vitest';
import { progressText } from '../../src/progress.ts';

const half = {
  done: 500,
  total: 1000,
  unit: 'objects',
  now: 'drivers/virtio/virtio_pci_modern_dev.o',
  elapsedMs: 62_000,
} as const;
const words = '500 of 1000 objects (50 %), 1 min 2 s, about 1 min 2 s left';

test.each([
  ['in a log', half, undefined, `${words}: ${half.now}`],
  ['on a wide terminal', half, 140, `[##########----------] ${words}: ${half.now}`],
  ['on a narrower one', half, 100, `[##########----------] ${words}: ..._modern_dev.o`],
  ['without room for a file', half, 85, `[##########----------] ${words}`],
  ['without room for a bar', half, 70, words],
  ['with no room', half, 20, words.slice(0, 20)],
  ['of which the end is not known', { ...half, total: undefined }, 80, `500 objects, 1 min 2 s: ${half.now}`],
  ['of which the end is only expected', { ...half, about: true, now: '' }, undefined, words.replace('of 1000', 'of about 1000')],
  ['that has just begun', { ...half, done: 3, now: '', elapsedMs: 5000 }, undefined, '3 of 1000 objects (0 %), 5 s'],
  ['of bytes', { done: 1024, total: 4096, unit: 'bytes', elapsedMs: 0 } as const, undefined, '1.0 KiB of 4.0 KiB (25 %), 0 s'],
])('progress %s', (_, progress, width, text) => {
  const shown = progressText(progress, width);
  expect(shown).toBe(text);
  if (width !== undefined) expect(shown.length).toBeLessThanOrEqual(width);
});
