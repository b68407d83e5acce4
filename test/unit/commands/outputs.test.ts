import { expect, test } from 'vitest';
import { outputs } from '../../../src/commands/outputs.ts';

test('files stand for themselves, and folders for all that is in them', () => {
  const files = [
    { path: 'bzImage', bytes: 3 * 1024 ** 2 },
    { path: 'scripts/gdb/linux/a.py', bytes: 1536 },
    { path: 'modules/lib/modules/6.1/x.ko', bytes: 5120 },
    { path: 'scripts/gdb/linux/b.py', bytes: 512 },
  ];
  expect(outputs(files)).toBe('bzImage (3.0 MiB), scripts/ (2 files, 2.0 KiB), modules/ (1 file, 5.0 KiB)');
});
