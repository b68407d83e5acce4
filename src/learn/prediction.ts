import { type Goal, met, missed } from './goal.ts';

/** What the learner expects of a machine before it is booted: a word for each question. */
export type Predictions = ReadonlyMap<string, string>;

/** The answers in a file of lines `KEY: ANSWER`; comments begin with #. What is not answered is not there. Pure. */
export function predictions(text: string): Predictions {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  const pairs = lines.map((line) => line.split(/:(.*)/s).map((part) => part.trim()));
  return new Map(pairs.flatMap(([key = '', answer = '']) => (answer === '' ? [] : [[key.toLowerCase(), answer.toLowerCase()]])));
}

/** A question of a lab's. */
export interface Question {
  readonly key: string;
  /** As a phrase: "/proc/mounts lists /dev/pts". */
  readonly about: string;
  /** The answers that can be; a pattern where they are many. */
  readonly answers: readonly string[] | RegExp;
  /** Why the machine does what it does. */
  readonly why: string;
  /** Two answers that mean the same; equality unless given. */
  readonly same?: (answer: string, truth: string) => boolean;
}

/** True when it is worth the boot to find out: there is an answer, and one that can be. Pure. */
export function isAnswered(given: Predictions, { key, answers }: Question): boolean {
  const answer = given.get(key);
  return answer !== undefined && (answers instanceof RegExp ? answers.test(answer) : answers.includes(answer));
}

/** What a prediction was worth, against what a machine really did (undefined: it was not asked). Pure. */
export function compared(given: Predictions, question: Question, truth: string | undefined, file: string): Goal {
  const { key, about, answers, why, same = (one: string, other: string) => one === other } = question;
  const goal = `predicted: ${about}`;
  const answer = given.get(key);
  if (answer === undefined) return missed(goal, [], `not yet: write what you expect into ${file}, behind ${key}:`);
  if (!isAnswered(given, question)) {
    const form = answers instanceof RegExp ? 'has another form; see what is asked there' : `is none of ${answers.join(', ')}`;
    return missed(goal, [`you wrote ${key}: ${answer}`], `that ${form}: ${file}`);
  }
  if (truth === undefined) return missed(goal, [`you wrote ${key}: ${answer}`], 'the machine did not come so far as to tell');
  if (same(answer, truth)) return { ...met(goal, `you wrote ${answer}, and so it was`), why: [why] };
  return missed(goal, [`you wrote ${answer}; the machine: ${truth}`], why, `when that is clear to you, mend it in ${file}`);
}

/** yes or no, as predictions have it. */
export function yesNo(fact: boolean): 'yes' | 'no' {
  return fact ? 'yes' : 'no';
}

export const yesOrNo: readonly string[] = ['yes', 'no'];
