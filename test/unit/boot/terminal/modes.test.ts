import { expect, test } from 'vitest';
import { TerminalModes } from '../../../../src/boot/terminal/modes.ts';

test.each([
  ['nothing special', ['hello\r\n\x1b[2J\x1b[1;1H'], ''],
  ['line wrap off, as SeaBIOS leaves it', ['\x1b[?7l'], '\x1b[?7h'],
  ['line wrap off and on', ['\x1b[?7l', 'text', '\x1b[?7h'], ''],
  ['an editor that was killed', ['\x1b[?1049h\x1b[?25l\x1b[?2004h'], '\x1b[?1049l\x1b[?25h\x1b[?2004l'],
  ['an editor that ended', ['\x1b[?1049h\x1b[?25l', '\x1b[?25h\x1b[?1049l'], ''],
  ['two modes in one sequence', ['\x1b[?1002;1006h'], '\x1b[?1002l\x1b[?1006l'],
  ['a sequence in pieces', ['\x1b', '[?7', 'l'], '\x1b[?7h'],
  ['a colour left on', ['\x1b[1;31mred'], '\x1b[0m'],
  ['a colour that was ended', ['\x1b[31mred\x1b[m'], ''],
  ['a title', ['\x1b]0;vim\x07'], '\x1b]2;\x07'],
  ['a mode that nobody knows', ['\x1b[?9999h'], ''],
])('%s', (_what, pieces, undo) => {
  const modes = new TerminalModes();
  for (const piece of pieces) modes.watch(Buffer.from(piece));
  expect(modes.undo()).toBe(undo);
});
