import * as v from 'valibot';
import { count, major, text } from './parts.ts';

const moment = v.pipe(v.nullable(text), v.description('in ISO 8601; null when it was not'));

export const lessons = v.object({
  schema: major(1),
  labs: v.array(
    v.object({
      number: v.pipe(count, v.description('from 1')),
      name: text,
      title: text,
      state: v.picklist(['new', 'begun', 'done']),
      hints: v.pipe(count, v.description('how many were shown')),
      hintCount: count,
      checks: count,
      begun: moment,
      done: moment,
      current: v.pipe(v.boolean(), v.description('the lab that is at hand')),
    }),
  ),
  next: v.pipe(v.nullable(text), v.description('the next lab that is not done; null when all are')),
});

export const lesson = v.object({
  schema: major(1),
  lab: text,
  done: v.boolean(),
  goals: v.array(
    v.object({
      goal: text,
      state: v.pipe(v.picklist(['met', 'missed', 'skipped']), v.description('skipped: this host cannot show it')),
      seen: v.pipe(v.array(text), v.description('what the machine did')),
      why: v.pipe(v.array(text), v.description('what that means')),
    }),
  ),
});
