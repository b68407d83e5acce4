import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect } from 'vitest';
import type { DocumentName } from '../src/documents/table.ts';
import { root } from './eulab.ts';

/** The schema of a document, as the package has it. */
export function published(name: DocumentName): Record<string, unknown> {
  return JSON.parse(readFileSync(join(root, 'dist/schemas', `${name}.json`), 'utf8'));
}

const validators = new Map<DocumentName, ValidateFunction>();

/** Judges a document by its published schema, with a validator that knows nothing of ours. */
export function expectDocument(name: DocumentName, document: unknown): void {
  const validate =
    validators.get(name) ?? new Ajv({ strict: true, allErrors: true, strictTypes: false }).compile(published(name));
  validators.set(name, validate);
  const faults = validate(document) ? [] : (validate.errors ?? []);
  expect(
    faults.map(({ instancePath, message, params }) => `${name}${instancePath}: ${message} ${JSON.stringify(params)}`),
    JSON.stringify(document).slice(0, 2000),
  ).toEqual([]);
}

/** The lines of `--events`, each judged; a stream begins with its version and ends with a status. */
export function expectEvents(text: string): readonly Record<string, unknown>[] {
  expect(text.endsWith('\n')).toBe(true);
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const event of events) expectDocument('event', event);
  expect([events[0]?.kind, events.at(-1)?.kind]).toEqual(['start', 'end']);
  // Each step that begins ends, before the next one does.
  const steps = events.filter(({ kind }) => kind === 'step' || kind === 'step-end').map(({ kind, step }) => `${kind} ${step}`);
  const count = steps.length / 2;
  expect(steps).toEqual(Array.from({ length: count }, (_, index) => [`step ${index + 1}`, `step-end ${index + 1}`]).flat());
  return events;
}
