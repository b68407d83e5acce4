import { expect, test } from 'vitest';
import type { ToldEvent } from '../../../src/mcp/child.ts';
import { progressOf, type Told } from '../../../src/mcp/progress.ts';

test('events become sentences, and progress only grows', () => {
  const told: Told[] = [];
  const tell = progressOf((one) => told.push(one));
  const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
  const events: ToldEvent[] = [
    { kind: 'start', at: at(0), schema: 1, eulab: '0.1.0', verb: 'build kernel' },
    { kind: 'step', at: at(0), step: 1, text: 'compiling Linux 6.6' },
    { kind: 'progress', at: at(62_000), step: 1, done: 500, total: 1000, about: true, unit: 'objects', now: 'net/tcp.o' },
    { kind: 'step-end', at: at(63_000), step: 1, state: 'done', tookMs: 63_000 },
    { kind: 'phase', at: at(64_000), phase: 'kernel', atMs: 640 },
    { kind: 'warning', at: at(65_000), text: 'the disk is slow', hint: null },
    { kind: 'end', at: at(66_000), status: 0, tookMs: 66_000, error: null },
  ];
  for (const event of events) tell(event);
  expect(told).toEqual([
    { progress: 1, message: 'compiling Linux 6.6' },
    { progress: 2, message: 'compiling Linux 6.6: 500 of about 1000 objects (50 %), 1 min 2 s, about 1 min 2 s left: net/tcp.o' },
    { progress: 3, message: 'kernel after 0.6 s' },
    { progress: 4, message: 'the disk is slow' },
  ]);
});
