import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { EulabError, isErrno, status } from '../../errors.ts';
import { writeWhole } from '../../whole-file.ts';
import { type Comparison, compare } from './compare.ts';
import { timelinePage } from './page.ts';
import { timelineSchema } from './schema.ts';
import type { Timeline } from './timeline.ts';

/** The two files of a timeline. */
export interface Files {
  readonly json: string;
  readonly html: string;
}

/** The files of a base name, with or without an ending of theirs; in a folder they are timeline.json and timeline.html. */
export function filesOf(base: string): Files {
  const folder = base.endsWith('/') || statSync(base, { throwIfNoEntry: false })?.isDirectory() === true;
  const stem = folder ? join(base, 'timeline') : base.replace(/\.(json|html)$/, '');
  return { json: `${stem}.json`, html: `${stem}.html` };
}

/** Makes the folder that the files go to. @throws EulabError (2) when it cannot be written to. */
export function makeRoom({ json }: Files): void {
  try {
    mkdirSync(dirname(json), { recursive: true });
    const trial = `${json}.${process.pid}`;
    writeFileSync(trial, '');
    rmSync(trial);
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw new EulabError(`${json} cannot be written (${error.code})`, {
      hint: 'name another place: --profile-boot=FILE',
      exitCode: status.usage,
    });
  }
}

/** Writes both files, each whole or not at all. */
export function save(files: Files, timeline: Timeline): void {
  writeWhole(files.json, `${JSON.stringify(timeline, undefined, 1)}\n`);
  writeWhole(files.html, timelinePage(timeline));
}

/** What differs between two timelines, and their files. @throws EulabError (2) when there are not two, or one of them is none. */
export function compareFiles(names: readonly string[]): {
  readonly comparison: Comparison;
  readonly files: readonly [string, string];
} {
  const [before, after, ...others] = names;
  if (before === undefined || after === undefined || others.length > 0) {
    throw new EulabError(`--compare takes two timelines, not ${names.length}`, {
      hint: 'eulab boot --compare before.json after.json',
      exitCode: status.usage,
    });
  }
  return { comparison: compare(load(before), load(after)), files: [before, after] };
}

/** A timeline from its file. @throws EulabError (2) that names the file and what is wrong with it. */
export function load(file: string): Timeline {
  const wrong = (what: string, hint: string) => new EulabError(`${file} ${what}`, { hint, exitCode: status.usage });
  const make = 'make one: eulab boot --profile-boot=FILE -- COMMAND';
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!isErrno(error)) throw wrong('is no timeline: it is not JSON', make);
    throw wrong(error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code})`, make);
  }
  const version = v.safeParse(v.object({ schema: v.number() }), found);
  if (version.success && version.output.schema !== 1) {
    throw wrong(
      `is of schema ${version.output.schema}, and this eulab reads 1`,
      'make it again with this eulab, or use that one',
    );
  }
  const result = v.safeParse(timelineSchema, found);
  if (result.success) return result.output as Timeline;
  const [{ message }] = result.issues;
  const where = v.getDotPath(result.issues[0]);
  throw wrong(`is no timeline: ${where === null ? '' : `${where}: `}${message}`, make);
}
