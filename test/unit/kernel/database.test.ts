import { expect, test } from 'vitest';
import { compilation } from '../../../src/kernel/database.ts';

// As kbuild of Linux 6.1 and 6.12 write them.
test('how a file was compiled', () => {
  const text =
    `cmd_init/main.o := ccache gcc -Wp,-MMD,init/.main.o.d -I/src/include -DX='"a"' -DY=\\#1 -c -o init/main.o /src/init/main.c ; ` +
    './tools/objtool/objtool --x init/main.o\n\nsource_init/main.o := /src/init/main.c\n';
  expect(compilation(text, '/obj')).toEqual({
    directory: '/obj',
    file: '/src/init/main.c',
    command: `gcc -I/src/include -DX='"a"' -DY=#1 -c -o init/main.o /src/init/main.c`,
  });
});

test.each([
  ['a later kernel', 'savedcmd_a.o := gcc -I./include -c -o a.o ../a.c\n', '/a.c'],
  ['assembler', 'cmd_a.o := gcc -Wp,-MMD,.a.o.d -c -o a.o /src/a.S\n', '/src/a.S'],
])('%s', (_, text, file) => {
  expect(compilation(text, '/obj')?.file).toBe(file);
});

test.each([
  ['what is linked', 'cmd_a.o := ld -r -o a.o b.o c.o\n'],
  ['what is made of nothing', 'cmd_a.o := rm -f a.o\n'],
  ['no text', ''],
])('%s has none', (_, text) => {
  expect(compilation(text, '/obj')).toBeUndefined();
});
