import { expect, test } from 'vitest';
import { reply, request, untilToken } from '../../../src/boot/channel.ts';

const token = 'T0KEN';

async function read(pieces: readonly string[]): Promise<[string, boolean]> {
  const source = (async function* () {
    for (const piece of pieces) yield Buffer.from(piece);
  })();
  const stream = untilToken(source, token);
  let out = '';
  for (;;) {
    const next = await stream.next();
    if (next.done === true) return [out, next.value];
    out += next.value.toString();
  }
}

test.each([
  [['helloT0KEN'], 'hello', true],
  [['hel', 'loT0', 'KEN'], 'hello', true],
  [['T', '0', 'K', 'E', 'N'], '', true],
  [['helloT0KENlater', 'and later'], 'hello', true],
  [['T0KET0KE', 'T0KEN'], 'T0KET0KE', true],
  [['hello'], 'hello', false],
  [['helloT0KE'], 'helloT0KE', false],
  [[], '', false],
])('%j up to the token is %j, whole: %s', async (pieces, out, whole) => {
  expect(await read(pieces)).toEqual([out, whole]);
});

test('holds back nothing that cannot be the token: a prompt is seen when it is written', async () => {
  const source = (async function* () {
    yield Buffer.from('$ ');
    throw new Error('asked for more');
  })();
  expect((await untilToken(source, token).next()).value).toEqual(Buffer.from('$ '));
});

test('the request says how long its script is, in bytes', () => {
  const sent = request({ argv: ['echo', 'é\nb', "it's", '$HOME'], token }).toString();
  const script = `exec echo 'é\nb' 'it'\\''s' '$HOME'\n`;
  expect(sent).toBe(`run ${Buffer.byteLength(script)} ${token}\n${script}`);
});

test.each([
  ['ready', { kind: 'ready' }],
  ['exit 0', { kind: 'exit', status: 0 }],
  ['exit 137', { kind: 'exit', status: 137 }],
  ['exit', undefined],
  ['exit 1x', undefined],
  ['anything', undefined],
])('the reply %j', (line, expected) => {
  expect(reply(line)).toEqual(expected);
});
