import { expect, test } from 'vitest';
import { compared, isAnswered, predictions, type Question, yesNo, yesOrNo } from '../../../src/learn/prediction.ts';

const question: Question = { key: 'seen', about: 'it is seen', answers: yesOrNo, why: 'the mount covers it' };
const code: Question = {
  key: 'exitcode',
  about: 'the code',
  answers: /^(0x)?[0-9a-f]{1,8}$/,
  same: (answer, truth) => Number.parseInt(answer, 16) === Number.parseInt(truth, 16),
  why: 'a wait status',
};

test.each([
  ['seen: yes\n', [['seen', 'yes']]],
  ['# a question: really?\nseen:\n', []],
  [
    '  Seen :  YES  \nheard:no\n',
    [
      ['seen', 'yes'],
      ['heard', 'no'],
    ],
  ],
  ['exitcode: 0x00000300', [['exitcode', '0x00000300']]],
  ['no colon here\n', []],
  ['', []],
])('the answers in %j', (text, expected) => {
  expect([...predictions(text)]).toEqual(expected);
});

test.each([
  ['seen:', question, false],
  ['seen: maybe', question, false],
  ['seen: no', question, true],
  ['exitcode: 300', code, true],
  ['exitcode: three', code, false],
])('%j is worth a boot', (text, asked, expected) => {
  expect(isAnswered(predictions(text), asked)).toBe(expected);
});

test.each([
  ['', question, 'no', 'missed', 'not yet: write what you expect into learn/x/predict, behind seen:'],
  ['seen: maybe', question, 'no', 'missed', 'that is none of yes, no: learn/x/predict'],
  ['seen: no', question, undefined, 'missed', 'the machine did not come so far as to tell'],
  ['seen: no', question, 'no', 'met', 'you wrote no, and so it was'],
  ['seen: yes', question, 'no', 'missed', 'you wrote yes; the machine: no'],
  ['exitcode: 0x300', code, '00000300', 'met', 'you wrote 0x300, and so it was'],
  ['exitcode: 3', code, '00000300', 'missed', 'you wrote 3; the machine: 00000300'],
] as const)('%j against a machine that says %3$j', (text, asked, truth, state, line) => {
  const goal = compared(predictions(text), asked, truth, 'learn/x/predict');
  expect([goal.state, [...goal.seen, ...goal.why]]).toEqual([state, expect.arrayContaining([line])]);
});

test('a wrong prediction tells why, and where it is mended', () => {
  const { why } = compared(predictions('seen: yes'), question, yesNo(false), 'learn/x/predict');
  expect(why).toEqual(['the mount covers it', 'when that is clear to you, mend it in learn/x/predict']);
});
