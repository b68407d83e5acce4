import { expect, test } from 'vitest';
import { type Path, places } from '../../../src/configuration/places.ts';

const text = `# a comment [boot]
[boot]
memory = "1G" # another
net = ["user",   "lab:a"]
append = [
  "quiet", # a comment, with a comma
  'x=]',
]
limit = { kernel = "30s", init = "5s" }
"quoted key" = 'a # b'
long = """
[no.table]
key = "no key"
"""

[ machine . "web.1" ]
cpus = 2
a.b.c = 1979-05-27 07:32:00

[[list]]
one = 1
[[list]]
one = 2
[list.below]
two = 3
`;

test.each<[string, Path, [number, number], [number, number]]>([
  ['a table', ['boot'], [2, 1], [2, 1]],
  ['a key and its value', ['boot', 'memory'], [3, 1], [3, 10]],
  ['an element of a list', ['boot', 'net', 1], [4, 18], [4, 18]],
  ['an element in a line of its own', ['boot', 'append', 1], [7, 3], [7, 3]],
  ['a key of an inline table', ['boot', 'limit', 'init'], [9, 27], [9, 34]],
  ['a quoted key', ['boot', 'quoted key'], [10, 1], [10, 16]],
  ['a text of several lines', ['boot', 'long'], [11, 1], [11, 8]],
  ['a quoted table', ['machine', 'web.1'], [16, 1], [16, 1]],
  ['the table above it', ['machine'], [16, 1], [16, 1]],
  ['a dotted key', ['machine', 'web.1', 'a', 'b', 'c'], [18, 1], [18, 9]],
  ['the first of a list of tables', ['list', 0, 'one'], [21, 1], [21, 7]],
  ['the second', ['list', 1, 'one'], [23, 1], [23, 7]],
  ['a table below the second', ['list', 1, 'below', 'two'], [25, 1], [25, 7]],
])('%s stands where it stands', (_what, path, key, value) => {
  const [line, column] = key;
  expect(places(text)(path)).toEqual({ key: { line, column }, value: { line: value[0], column: value[1] } });
});

test('what is not there stands nowhere', () => {
  expect(places(text)(['no', 'table'])).toBeUndefined();
  expect(places(text)(['no table'])).toBeUndefined();
});

test('lines end as on other systems too', () => {
  expect(places('[boot]\r\nmemory = "1G"\r\n')(['boot', 'memory'])?.value).toEqual({ line: 2, column: 10 });
});
